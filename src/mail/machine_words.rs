//! Words machines use: subjects of away notices in 25 languages, challenges, reactions, calendar answers, addresses.
//!
//! All are compared in lower case. A word alone never decides about a mail; see where each is asked for.

use std::sync::LazyLock;

use regex::Regex;

/// Subjects that mail systems put before an automatic answer, with the colon they write.
const MARKED_AWAY: [&str; 97] = [
    "out of the office",
    "out of office autoreply",
    "out of office reply",
    "out of office response",
    "auto: out of office",
    "auto: out of the office",
    "automatinis atsakymas",
    "automātiska atbilde",
    "ārpus biroja atrašanās automātiska atbilde",
    "ārpus biroja atrašanās automātiskā atbilde",
    "arpus biroja atrasanas automatiska atbilde",
    "аутоматски одговор",
    "balasan otomatis",
    "resposta automàtica",
    "trả lời tự động",
    "תשובה אוטומטית",
    "رد تلقائي",
    "الرد التلقائي",
    "پاسخ خودکار",
    "automatic reply",
    "auto reply",
    "auto-reply",
    "autoreply",
    "auto response",
    "autoresponse",
    "auto-response",
    "automated reply",
    "automated response",
    "out of office",
    "out-of-office",
    "ooo",
    "vacation reply",
    "vacation response",
    "away from office",
    "automatische antwort",
    "abwesenheitsnotiz",
    "abwesenheitsnachricht",
    "abwesend",
    "abwesenheit",
    "automatische rückantwort",
    "réponse automatique",
    "reponse automatique",
    "absence du bureau",
    "message d'absence",
    "absent du bureau",
    "respuesta automática",
    "respuesta automatica",
    "fuera de la oficina",
    "risposta automatica",
    "fuori sede",
    "fuori ufficio",
    "resposta automática",
    "resposta automatica",
    "fora do escritório",
    "ausência temporária",
    "automatisch antwoord",
    "automatische reactie",
    "afwezigheidsbericht",
    "niet aanwezig",
    "autosvar",
    "automatisk svar",
    "automatiskt svar",
    "fraværsmelding",
    "frånvaromeddelande",
    "ikke til stede",
    "automaattinen vastaus",
    "poissaoloilmoitus",
    "automaatvastus",
    "automatická odpověď",
    "automatická odpoveď",
    "automatyczna odpowiedź",
    "autoodpowiedź",
    "nieobecność",
    "automatikus válasz",
    "házon kívül",
    "răspuns automat",
    "raspuns automat",
    "автоматический ответ",
    "автоматична відповідь",
    "автоматичен отговор",
    "otomatik yanıt",
    "odpowiedź automatyczna",
    "automātiskā atbilde",
    "abwesenheitsmeldung",
    "abwesenheitsbenachrichtigung",
    "abwesenheitsassistent",
    "afwezigheidsmelding",
    "afwezig",
    "frånvaro",
    "frånvarande",
    "fravær",
    "fraværende",
    "fraværsbesked",
    "poissa",
    "poissaolo",
    "מענה אוטומטי",
    "автоответ",
];
/// Further subjects, found anywhere.
const AWAY: [&str; 52] = [
    "ตอบกลับอัตโนมัติ",
    "不在のため",
    "automatski odgovor",
    "samodejni odgovor",
    "samodejno odgovor",
    "odsutan",
    "odsoten",
    "odsotnost",
    "mimo kancelář",
    "nepřítomnost",
    "mimo kancelárie",
    "neprítomnosť",
    "poza biurem",
    "szabadságon",
    "în afara biroului",
    "вне офиса",
    "отсутствую",
    "нет на месте",
    "поза офісом",
    "відсутн",
    "извън офиса",
    "ofis dışı",
    "ofiste değilim",
    "αυτόματη απάντηση",
    "εκτός γραφείου",
    "自動応答",
    "自動返信",
    "不在通知",
    "不在のお知らせ",
    "自动答复",
    "自动回复",
    "自動回覆",
    "外出",
    "休假",
    "부재중",
    "자동 회신",
    "자동 응답",
    "자동회신",
    "i am out of",
    "i'm out of",
    "on vacation",
    "on holiday",
    "on leave",
    "away from my",
    "en vacances",
    "im urlaub",
    "is out of the office",
    "ist außer haus",
    "ist nicht im büro",
    "ist abwesend",
    "est absent",
    "è fuori ufficio",
];

/// The known words in a subject, if any.
pub(crate) fn away_subject(subject: &str) -> Option<&'static str> {
    let folded = subject.to_lowercase();
    if states_return(&folded) {
        return Some("auto:");
    }
    MARKED_AWAY
        .iter()
        .find(|words| begins(&folded, words))
        .or_else(|| AWAY.iter().find(|words| folded.contains(**words)))
        .copied()
}

/// Domino's subjects, in any of its languages: `AUTO: Dana Fox is out of the office (returning 02.12.2024)`.
fn states_return(folded: &str) -> bool {
    let behind = folded.strip_prefix("auto: ").and_then(|rest| rest.trim_end_matches('.').strip_suffix(')'));
    behind.and_then(|rest| rest.rsplit_once('(')).is_some_and(|(_, inner)| inner.contains(|c: char| c.is_ascii_digit()))
}

/// Whether a subject is the mark of a mail system before the old subject: `Automatic reply: Your invoice`.
pub(crate) fn is_marked_away(subject: &str) -> bool {
    let folded = subject.to_lowercase();
    let Some((mark, _)) = folded.split_once([':', '：']) else { return false };
    MARKED_AWAY.iter().any(|words| mark.trim().trim_start_matches('[').trim_end_matches(']') == *words)
}

/// Whether a text tells that its writer is away and what comes then, as an away notice does in its first sentences. Who
/// writes about such notices to a desk asks something.
pub(crate) fn tells_absence(text: &str) -> bool {
    static ABSENT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"\b(?:i am|i'm|i’m|i will be|i'll be|we are|currently|is) (?:currently |now |still |again )?(?:out of (?:the )?office|not in the office|away|on (?:\w+ )?(?:leave|vacation|holidays?))\b|",
            r"nicht (?:im (?:büro|hause?)|erreichbar)|\bich bin [^.]{0,40}(?:abwesend|im urlaub)|je (?:suis|serai) [^.]{0,40}(?:absente?|en congés?|en vacances)|",
            r"(?:estoy|estaré) [^.]{0,40}(?:fuera de la oficina|de vacaciones|ausente)|(?:sono|sarò) [^.]{0,40}(?:fuori (?:sede|ufficio)|in ferie|assente)|",
            r"(?:estou|estarei) [^.]{0,40}(?:fora do escritório|de férias|ausente)|\bik ben [^.]{0,40}(?:afwezig|niet aanwezig|op vakantie|met verlof)|",
            r"jag är [^.]{0,40}(?:inte på kontoret|på semester|frånvarande)|jeg er [^.]{0,40}(?:ikke på kontoret|på ferie|fraværende)|",
            r"(?:jestem|będę) [^.]{0,40}(?:nieobecn|na urlopie|poza biurem)|нахожусь в отпуске|буду отсутствовать|отсутствую на рабочем месте"
        ))
        .expect("constant pattern")
    });
    static THEN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"\b(?:back|return(?:ing)?|again|until|urgent|immediate|contact|wieder|zurück|dringend\w*|kontakt\w*|retour|urgent?e?s?|jusqu|contacte[rz]|",
            r"hasta|regres\w*|vuelvo|rientr\w*|fino|contattare|até|regresso|terug|tot|tillbaka|åter|kontakta|tilbage|tilbake|wracam|wrócę|powr\w*|pilnych|до|верн\w*)\b"
        ))
        .expect("constant pattern")
    });
    /// A notice says it first.
    const NOTICE_START_BYTES_MAX: usize = 600;
    let start = crate::parse::prefix(text.trim_start(), NOTICE_START_BYTES_MAX);
    let folded = start.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    !folded.contains(['?', '？']) && ABSENT.is_match(&folded) && THEN.is_match(&folded)
}

/// The words stand at the start, behind answer prefixes and brackets, and end with the word.
fn begins(folded: &str, words: &str) -> bool {
    let mut rest = folded.trim_start_matches(['[', '(', '*', ' ', '"', '\'']);
    for prefix in ["re:", "aw:", "sv:", "vs:", "odp:", "antw:"] {
        rest = rest.strip_prefix(prefix).unwrap_or(rest).trim_start();
    }
    rest.strip_prefix(words).is_some_and(|after| !after.starts_with(char::is_alphanumeric))
        || folded.ends_with(&format!("({words})"))
}

/// Local parts that only machines write from.
pub(crate) fn is_machine_local(local: &str) -> bool {
    let mut buffer = [0_u8; 64];
    let Some(lower) = buffer.get_mut(..local.len()) else { return false };
    lower.copy_from_slice(local.as_bytes());
    lower.make_ascii_lowercase();
    let Ok(lower) = std::str::from_utf8(lower) else { return false };
    let base = lower.split('+').next().unwrap_or(lower);
    const EXACT: [&str; 21] = [
        "mailer-daemon",
        "mailerdaemon",
        "mailer_daemon",
        "postmaster",
        "listserv",
        "majordomo",
        "mailman",
        "root",
        "cron",
        "cronjob",
        "daemon",
        "nobody",
        "www-data",
        "apache",
        "nagios",
        "bounce",
        "bounces",
        "autoreply",
        "auto-reply",
        "autoresponder",
        "mail-daemon",
    ];
    EXACT.contains(&base) || is_list_local(base) || is_no_reply(base)
}

/// Local parts of list software: `owner-list`, `list-request`, `list-bounces`.
pub(crate) fn is_list_local(local: &str) -> bool {
    let lower = local.to_ascii_lowercase();
    let base = lower.split('+').next().unwrap_or(&lower);
    base.starts_with("owner-")
        || ["-request", "-bounces", "-bounce", "-owner", "-admin-bounces"].iter().any(|end| base.ends_with(end))
}

/// `noreply` in its spellings and languages, alone or as a word of the local part.
fn is_no_reply(base: &str) -> bool {
    let squeezed: String = base.chars().filter(|c| !matches!(c, '-' | '_' | '.')).collect();
    const NO_REPLY: [&str; 20] = [
        "noreply",
        "donotreply",
        "dontreply",
        "neverreply",
        "noreplies",
        "nichtantworten",
        "bittenichtantworten",
        "keineantwort",
        "nepasrepondre",
        "noresponder",
        "noresponda",
        "naoresponda",
        "naoresponder",
        "nonrispondere",
        "ingensvar",
        "inteswara",
        "svaraej",
        "nieodpowiadaj",
        "neodpovidat",
        "geenantwoord",
    ];
    // The word may have company on one side: `noreply-billing`, `shop.noreply`, `noreply2`.
    NO_REPLY.iter().any(|word| {
        squeezed == *word
            || squeezed
                .strip_prefix(word)
                .is_some_and(|rest| base.len() > squeezed.len() || rest.chars().all(|c| c.is_ascii_digit()))
            || (squeezed.ends_with(word) && base.len() > squeezed.len())
    })
}

/// Services whose mail demands proof of being a person.
pub(crate) fn is_challenge_domain(domain: &str) -> bool {
    [
        "boxbe.com",
        "spamarrest.com",
        "bitbounce.com",
        "mailblocks.com",
        "knowspam.net",
        "antispameurope.com",
        "uol.com.br",
        "cleanmymailbox.com",
        "matador.com",
    ]
    .iter()
    .any(|known| domain == *known || domain.strip_suffix(known).is_some_and(|rest| rest.ends_with('.')))
}

/// Subjects of challenges.
pub(crate) fn is_challenge_subject(subject: &str) -> bool {
    static SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)(?:please |kindly )?(?:confirm|verify|authenticate|validate) (?:that )?(?:you sent |your |the |delivery of |receipt of )?(?:message|e-?mail|mail|sender|identity)|",
            r"sender (?:verification|confirmation|authentication)|verification (?:required|needed|request)|requires? verification|\(verification\)$|needs? (?:to be )?(?:verif|confirm|approv|authentic)|",
            r"action required to deliver|waiting for (?:your )?confirmation|confirm (?:you are|that you are)|challenge[- ]response|",
            r"spam ?(?:arrest|fighter|challenge|blocker)|\bboxbe\b|\btmda\b|anti-?spam (?:uol|check|confirm)|",
            r"bestätigung (?:ihrer|deiner) (?:e-?mail|nachricht)|absenderbestätigung|confirmation de (?:votre|l'expéditeur)|demande de confirmation|confirma(?:r|ción de) (?:su|tu|el) (?:mensaje|correo)|confirmação de (?:envio|remetente)"
        ))
        .expect("constant pattern")
    });
    SUBJECT.is_match(subject)
}

/// Whether a text holds a mail back until its sender proves something.
pub(crate) fn demands_proof(text: &str) -> bool {
    static DEMAND: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)(?:prove|verify|confirm|show|ensure)[^.]{0,60}(?:human|real person|not (?:a |an )?(?:spam|robot|bot|machine|automat))|",
            r"(?:message|e-?mail|mail)[^.]{0,60}(?:is |has been |was |being )?(?:held|quarantined|waiting|pending|not (?:yet )?(?:been )?delivered|intercepted|blocked|delayed)[^.]{0,200}(?:confirm|verif|click|link|reply|repl|approv|authentic)|",
            r"(?:click|follow|visit|reply|respond|repl(?:y|ying))[^.]{0,120}(?:so that|in order to|to)[^.]{0,40}(?:deliver|release|confirm|verify|approve|authenticate)|",
            r"click[^.]{0,60}(?:so|before) (?:that )?i can (?:receive|read)|",
            r"(?:one[- ]time|first time)[^.]{0,80}(?:confirm|verif|authenticat|approv)|guest list|protect(?:s|ed)? (?:by|from|against|me|my|his|her|their)[^.]{0,60}(?:spam|junk)[^.]{0,200}(?:confirm|verif|click|reply)|",
            r"klicken sie[^.]{0,80}(?:bestätig|zustell)|cliquez[^.]{0,80}(?:confirm|valid)|haga clic[^.]{0,80}confirm|clique[^.]{0,80}confirm"
        ))
        .expect("constant pattern")
    });
    let mut end = text.len().min(8 * 1024);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    DEMAND.is_match(&text[..end].split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The calendar method a subject tells, as calendar programs write it.
pub(crate) fn calendar_subject(subject: &str) -> Option<&'static str> {
    let folded = subject.trim().to_lowercase();
    let (mark, _) = folded.split_once([':', '：'])?;
    let mark = mark.trim();
    const REPLY: [&str; 37] = [
        "accepted",
        "declined",
        "tentative",
        "tentatively accepted",
        "zugesagt",
        "abgelehnt",
        "mit vorbehalt",
        "accepté",
        "refusé",
        "provisoire",
        "aceptado",
        "aceptada",
        "rechazado",
        "rechazada",
        "provisional",
        "accettato",
        "rifiutato",
        "provvisorio",
        "aceite",
        "recusado",
        "aceito",
        "geaccepteerd",
        "geweigerd",
        "afgewezen",
        "voorlopig",
        "accepterat",
        "avböjt",
        "godtatt",
        "godkendt",
        "hyväksytty",
        "zaakceptowano",
        "odrzucono",
        "přijato",
        "принято",
        "承諾",
        "已接受",
        "수락",
    ];
    const CANCEL: [&str; 14] = [
        "canceled",
        "cancelled",
        "canceled event",
        "cancelled event",
        "abgesagt",
        "abgesagter termin",
        "annulé",
        "cancelado",
        "cancelada",
        "annullato",
        "geannuleerd",
        "inställt",
        "aflyst",
        "odwołano",
    ];
    const REQUEST: [&str; 10] = [
        "invitation",
        "updated invitation",
        "einladung",
        "aktualisierte einladung",
        "convite",
        "invitación",
        "invito",
        "uitnodiging",
        "inbjudan",
        "zaproszenie",
    ];
    if REPLY.contains(&mark) {
        Some("REPLY")
    } else if CANCEL.contains(&mark) {
        Some("CANCEL")
    } else {
        REQUEST.contains(&mark).then_some("REQUEST")
    }
}

/// A name of four words and the longest of the phrases.
const REACTION_WORDS_MAX: usize = 10;

/// Whether a mail is an emoji some client sent as words: Gmail's and Outlook's fallback texts.
pub(crate) fn is_reaction(subject: &str, text: &str) -> bool {
    const WORDS: [&str; 22] = [
        "reacted via gmail",
        "reacted to your message",
        "reacted to your email",
        "has reacted to",
        "hat über gmail reagiert",
        "hat auf ihre nachricht reagiert",
        "hat mit",
        "a réagi via gmail",
        "a réagi à votre message",
        "ha reaccionado a través de gmail",
        "reaccionó a tu mensaje",
        "ha reaccionado a tu mensaje",
        "reagiu pelo gmail",
        "reagiu à sua mensagem",
        "ha reagito tramite gmail",
        "ha reagito al tuo messaggio",
        "heeft via gmail gereageerd",
        "heeft gereageerd op uw bericht",
        "reagerade via gmail",
        "gmail でリアクション",
        "zareagował(a) w gmailu",
        "отреагировал",
    ];
    let start = text.trim_start();
    let line = start.lines().next().unwrap_or_default();
    let line = if line.len() <= 16 { start.get(..start.len().min(200)).unwrap_or(line) } else { line };
    let has_symbol = line.chars().take(160).any(|c| c as u32 >= 0x2600);
    let subject_says = || {
        subject.contains("eact") && {
            let folded = subject.to_lowercase();
            folded.contains("reacted to your message") || folded.starts_with("reaction daily digest")
        }
    };
    if line.len() > 1_000 {
        return subject_says();
    }
    let line = line.to_lowercase();
    if !has_symbol {
        // Outlook on the web sends the emoji as a picture, with nothing but these words before the quote.
        let bare = line.trim().trim_end_matches([':', '.', ' ']);
        let is_whole = bare.split_whitespace().count() <= REACTION_WORDS_MAX && bare.len() == line.trim().len().saturating_sub(1);
        return subject_says() || is_whole && WORDS.iter().any(|words| words.len() > 12 && bare.ends_with(words));
    }
    WORDS.iter().any(|words| line.contains(words) && (*words != "hat mit" || line.contains("reagiert"))) || subject_says()
}
