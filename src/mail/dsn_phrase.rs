//! What words mean: report subjects, words of failure, and the status a refusal means when it states none.
//!
//! The tables hold words that many mailers share. They are ordered: the first that fits wins, the particular before
//! the general.

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

use regex::{Regex, RegexSet};

use crate::parse;
use crate::trigram::{AnyOf, Trigrams};

/// Whether a folded subject is that of a delivery report.
pub(crate) fn is_report_subject(subject: &str) -> bool {
    static SUBJECT: LazyLock<RegexSet> = LazyLock::new(|| RegexSet::new(REPORT_SUBJECTS).expect("constant patterns"));
    static STEMS: LazyLock<AnyOf> = LazyLock::new(|| AnyOf::new(REPORT_STEMS));
    // Most subjects have none, which is found out without an automaton.
    (!subject.is_ascii() || STEMS.may_be_in(&Trigrams::of(subject))) && SUBJECT.is_match(subject)
}

/// One of these is in every subject of a report that is all ASCII.
const REPORT_STEMS: &str = "deliver|ndr|ndn|return|fail|daemon|bounce|reject|blocked|could|unable|unavailable|unknown|quota|\
    such user|not member|mailbox |message not|message delayed|message status|mail error|mail status|system error|processing error|\
    unsolicited|warning: |banned|in mail|transmission|notification de |remis|courrier non|zustell|fehlgeschlagen|entreg|devuelto|\
    devolvida|erro no envio|recapit|consegna|onbestelbaar|niet |bezorging|lever|dostarcz|zwrot|edilemedi|iletilemedi|toimitta|livrat";

/// Subjects of reports, lower case. Borders of words count ASCII letters alone, which one automaton can do.
const REPORT_SUBJECTS: [&str; 30] = [
    r"deliver(?:y|ed|able)?(?-u:\b).{0,40}(?-u:\b)(?:fail|error|problem|delay|status|notif|report|unsuccessful|aborted|suspended|issue)",
    r"(?:fail|error|problem|unable|delay|impossible|could not|cannot|can't|couldn't|not (?:be )?)\w*(?-u:\b).{0,40}(?-u:\b)deliver",
    r"undeliver|non[- ]?deliver|(?-u:\b)ndr(?-u:\b)|(?-u:\b)ndn(?-u:\b)",
    r"return(?:ed|ing) (?:to sender|mail|message|e-?mail)|(?:mail|message|e-?mail) returned|returned e-?mail",
    r"failure (?:notice|notification|delivery)|fail(?:ed|ure) mail|mail (?:fail|error|delivery|system error|status)|mail(?:er)?[- ]daemon",
    r"processing error|message (?:not sent|delayed|rejected|bounced|status|blocked|you sent blocked)|considered unsolicited",
    r"bounce(?:d)?(?-u:\b).{0,20}(?:mail|message)|(?:mail|message)(?-u:\b).{0,20}bounced",
    r"warning: (?:message|could not|e-?mail)|rejected mail|mail rejected|automatically rejected",
    r"delivery notification|notification de (?:non[- ])?(?:remise|distribution)|non[- ]remis|échec de (?:la )?(?:remise|livraison|distribution)|courrier non",
    r"unzustellbar|nicht zustellbar|zustell(?:ung|fehler)|fehlgeschlagen|übermittlung.*fehl",
    r"no se (?:puede|pudo|ha podido) entregar|error de entrega|no entregado|mensaje devuelto|correo devuelto|notificaci[oó]n (?:de|del) estado de (?:la )?entrega",
    r"não (?:foi )?entreg|falha na entrega|n[aã]o pode ser entregue|mensagem devolvida|erro (?:no envio|de entrega)",
    r"mancato recapito|mancata consegna|non recapitabile|impossibile recapitare|consegna non riuscita",
    r"onbestelbaar|niet (?:worden )?(?:bezorgd|afgeleverd)|bezorging mislukt",
    r"kan (?:ikke|inte) lever|ulevert|olevererb|går inte att leverera|kunne ikke leveres|ej levererb|levering mislykkedes",
    r"niedostarcz|nie (?:można|udało się) dostarczyć|zwrot (?:poczty|wiadomości)|nie dostarczono",
    r"nedoručiteln|nelze doručit|nedoručen|nepodařilo se doručit",
    r"kézbesíthetetlen|kézbesítési hiba|nem kézbesíthető",
    r"teslim edilemedi|iletilemedi|gönderilemedi",
    r"не (?:было )?доставлен|недоставлен|не может быть доставлен|ошибка доставки|невозможно доставить|уведомление о (?:не)?доставке",
    r"не (?:може бути )?доставлено|не вдалося доставити",
    r"配信(?:不能|エラー|できま|失敗)|送信(?:エラー|できま|失敗)|メールエラー|エラーメール|不達|返送|届け(?:られ|でき)ませ|配達(?:不能|でき)",
    r"退信|投递失败|无法(?:送达|投递|发送)|未(?:送达|投递)|发送失败|郵件傳送失敗|退回|傳遞失敗|系统退信|邮件被退回",
    r"반송|전송 ?실패|배달(?:되지| ?못| ?실패)|수신 ?불가",
    r"toimitus epäonnistui|ei voitu toimittaa|toimittamatta",
    r"nelivrat|nu a (?:putut fi|fost) livrat|eșuat",
    r"μη παραδοτέ|αποτυχία παράδοσης",
    r"you .{1,60}are not member|unknown user|user unknown|mailbox (?:full|unavailable|not found)|quota exceeded|no such user",
    r"could not (?:be )?send|could ?n[o']t (?:be )?sent|unable to (?:send|relay)|sending failed|send failed|transmission (?:failed|error)",
    r"mta-blocked|banned contents|virus .{0,30}in mail|mail.{0,10}blocked|service unavailable|host unknown|mail could not|失敗",
];

/// Whether a text in lower case speaks of failed or delayed delivery.
pub(crate) fn says_failure(text: &str) -> bool {
    static FAILURE: LazyLock<Words> = LazyLock::new(|| Words::new(&FAILURE_WORDS.join("|")));
    FAILURE.are_in(text)
}

/// A pattern for texts in lower case that reaches over no line end and whose borders of words stand beside ASCII letters
/// and digits.
///
/// The automaton that reads a byte at a time gives up at the first letter beyond ASCII where a border counts all letters,
/// and what is left then costs many times more. A border that counts ASCII alone never fails where the other holds, so a
/// text is searched for that first, and only the line where it is found is searched exactly.
struct Words {
    loose: Regex,
    pattern: String,
    exact: OnceLock<Regex>,
}

impl Words {
    fn new(words: &str) -> Self {
        let loose = Regex::new(&words.replace(r"\b", r"(?-u:\b)")).expect("constant pattern");
        Self { loose, pattern: words.to_owned(), exact: OnceLock::new() }
    }

    fn are_in(&self, text: &str) -> bool {
        let exact = || self.exact.get_or_init(|| Regex::new(&self.pattern).expect("constant pattern"));
        lines_with(&self.loose, text).any(|line| line.is_ascii() || exact().is_match(line))
    }

    /// As [`Words::are_in`], where each line that has the words has one of the stems.
    fn are_beside(&self, stems: &Regex, text: &str) -> bool {
        lines_with(stems, text).any(|line| self.are_in(line))
    }
}

/// The lines of a text in which a pattern is found that reaches over no line end.
fn lines_with<'a>(pattern: &Regex, text: &'a str) -> impl Iterator<Item = &'a str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let place = parse::line_around(rest, pattern.shortest_match(rest)?);
        let line = &rest[place.clone()];
        rest = &rest[place.end..];
        Some(line)
    })
}

/// Whether a text in lower case that no mailer signed speaks of mail at all, and not of parcels.
pub(crate) fn speaks_of_mail(text: &str) -> bool {
    static MAIL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u:\b)(?:messages?|e-?mails?|mail|recipients?|nachricht|courriel|destinataires?|mensaje|correo|messaggio|mensagem|bericht|meddelande|besked|wiadomość|zpráv\w*|üzenet|сообщени\w*|письм\w*)(?-u:\b)|メール|メッセージ|邮件|郵件|메일").expect("constant pattern")
    });
    static PARCEL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u:\b)(?:parcel|package|shipment|courier|shipping|tracking|paket|sendung|colis|paquete|pacco|spedizione|encomenda|pakket|paczka|zásilk\w*|посылк\w*)(?-u:\b)").expect("constant pattern")
    });
    MAIL.is_match(text) && !PARCEL.is_match(text)
}

/// Nothing is counted here: a text is searched for all at once, and every count would multiply what there is to remember.
const FAILURE_WORDS: [&str; 25] = [
    r"(?:could|can|did|was|were|has|have|been|be)(?: ?not|n'?t) (?:yet )?(?:be |been )?(?:able to )?(?:deliver|relay|reach|send|sent|return)",
    r"(?:un(?:able)? to|failed to|failure to|not able to) (?:successfully )?(?:deliver|send|relay|reach)|undeliver|non-?deliver",
    r"deliver(?:y|ed)?\b[^.\n]*\b(?:fail|error|delay|abort|reject|unsuccessful|impossible)",
    r"permanent(?:ly)? (?:fatal )?(?:err|fail)|fatal errors|delivery problems|failed recipient|failed addresses|failure reasons",
    r"(?:user|mailbox|address|recipient|account|host|domain|userid|addressee)s? (?:is |was )?(?:unknown|not found|full|invalid|disabled|unavailable|rejected|over quota)",
    r"(?:unknown|invalid|no such|bad) (?:final delivery )?(?:user|mailbox|address|recipient|account|host|domain)",
    r"does not exist|doesn't (?:exist|have)|no longer (?:exist|valid|active|in use)|quota (?:exceed|violation)|over (?:disk )?quota",
    r"returned (?:to|because|unsent|message|mail)|has been returned|was rejected|been rejected|rejected by|were rejected|was (?:automatically )?rejected",
    r"not member|not a member|message (?:was )?(?:blocked|bounced)|rcpt to|being held",
    r"trouble (?:deliver|send)\w+|(?:rejected|refused) recipient|(?:problem|error|difficult)\w*[^.\n]*(?:deliver|send)(?:ing|ed|y)?\b",
    r"<<< [45]\d\d|said: [45]\d\d|\b55\d[ -]5\.\d\.\d",
    r"nicht (?:zu|aus)(?:ge)?(?:stell|liefer)|nicht zustellbar|konnte nicht",
    r"n'a (?:pas )?pu (?:pas )?[eê]tre|pas pu [eê]tre|non remis|impossible de (?:remettre|distribuer|livrer)",
    r"no (?:se ha podido|se pudo|pudo ser|ha sido) (?:entrega|enviad)",
    r"n[aã]o p[oô]de ser|não foi (?:possível )?entreg",
    r"non (?:è stato possibile|può essere|ha raggiunto|è stato) (?:recapita|consegna)|impossibile recapitare",
    r"niet (?:worden )?(?:bezorgd|afgeleverd)|kon niet",
    r"kunde inte (?:levereras|nå)|kunne ikke leveres|ikke leveret|kan ikke leveres",
    r"nie (?:można|mogła|została|udało)",
    r"не (?:может|было|могло|удалось|мож)",
    r"でき(?:ません|なかった)|エラー|届け|存在しません|見つから",
    r"无法|失败|退信|無法|不存在|拒绝",
    r"실패|반송|없는|수 없",
    r"nelze doručit|nebylo možné|nem (?:sikerült|kézbesít)|teslim edil|iletilemed",
    r"mailbox is full|too (?:large|big)|retry (?:timeout|time) exceeded|over size",
];

/// The status words mean, in the class of the reply or, without one, of what the report says about later tries.
///
/// `None` only for words that fit nothing and carry no code.
pub(crate) fn derive(text: &str, smtp: Option<u16>, permanent: bool) -> Option<String> {
    let class = match smtp {
        Some(400..=499) => '4',
        Some(_) => '5',
        None if permanent => '5',
        None => '4',
    };
    let words = without_addresses(&text.to_lowercase());
    let words = without_speaker(&words);
    let by_words = smtp.and_then(|code| meaning_beside(code, &words));
    // A later try could have succeeded, so what ended the mail is that there was none.
    let may_be_expired = by_words.is_none() || (permanent && class == '4');
    let by_all = may_be_expired.then(|| meaning_of(&words)).flatten();
    let by_words = by_all.filter(|detail| by_words.is_none() || *detail == EXPIRED).or(by_words);
    let by_code = smtp.and_then(|code| match code {
        421 => Some("3.2"),
        422 | 452 | 552 => Some("2.2"),
        450 => Some("2.0"),
        451 => Some("3.0"),
        500..=504 => Some("5.0"),
        511 | 550 => Some("1.1"),
        512 => Some("1.2"),
        521 | 556 => Some("3.2"),
        525 => Some("7.13"),
        530 | 535 | 538 => Some("7.0"),
        551 => Some("1.6"),
        553 => Some("1.3"),
        _ => None,
    });
    let found = by_words.or(by_code);
    match (found, smtp) {
        (Some(detail), _) => Some(format!("{class}.{detail}")),
        (None, Some(_)) => Some(format!("{class}.0.0")),
        (None, None) if !text.trim().is_empty() => Some(format!("{class}.0.0")),
        (None, None) => None,
    }
}

/// What the lines mean that state a reply: those are the words of the refusing host, the others of the reporting one.
fn meaning_beside(code: u16, words: &str) -> Option<&'static str> {
    // A text of one line says all of it there.
    let digits = words.contains('\n').then(|| code.to_string())?;
    let mut beside = String::new();
    for line in parse::lines(words).filter(|line| line.contains(&digits)) {
        beside.push_str(line);
        beside.push('\n');
    }
    meaning_of(&beside)
}

/// What a text in lower case means.
fn meaning_of(words: &str) -> Option<&'static str> {
    /// The stems by their pieces, and as they are found in a line; the words.
    static TABLE: LazyLock<Vec<(AnyOf, Regex, Words)>> = LazyLock::new(|| {
        let stems = |meaning: &Meaning| Regex::new(meaning.stems).expect("constant pattern");
        MEANINGS.iter().map(|meaning| (AnyOf::new(meaning.stems), stems(meaning), Words::new(meaning.words))).collect()
    });
    let pieces = Trigrams::of(words);
    let found = TABLE.iter().position(|(any, stems, meant)| any.may_be_in(&pieces) && meant.are_beside(stems, words));
    found.map(|index| MEANINGS[index].detail)
}

/// Addresses and links hold words that mean nothing: `does-not-exist@…`.
fn without_addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | ':' | ',' | ';')) {
        let end = part.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | ':' | ',' | ';')).len();
        out.push_str(if part[..end].contains('@') || part.starts_with("//") { &part[end..] } else { part });
    }
    out
}

/// "host mx.b.example said: 550 unknown user" is not about an unknown host, nor does "giving up on 192.0.2.1", which qmail
/// writes below every refusal, tell of an expiry.
fn without_speaker(text: &str) -> Cow<'_, str> {
    static SPEAKER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?-u:\b)(?:host|server)(?:\s+\S+)?(?:\s?[\[(][^\])]*[\])])?\s+(?:said|says|replied|responded|reported|returned):?|",
            r"(?-u:\b)host\s+\S+\s?\[[^\]\n]*\]:|giving up on \S*[.:]\S*"
        ))
        .expect("constant pattern")
    });
    // Most texts quote nobody, and finding that out is cheaper.
    const SIGNS: [&str; 8] = ["said", "says", "replied", "responded", "reported", "returned", "]:", "giving up on "];
    let quotes = SIGNS.iter().any(|sign| text.contains(sign));
    if quotes { SPEAKER.replace_all(text, "") } else { text.into() }
}

/// What words of refusing hosts mean.
struct Meaning {
    /// One of these is in every text that `words` are in. They are plain, and so are found many bytes at a step; one
    /// automaton for those of all meanings would be so large that each report found it cold.
    stems: &'static str,
    /// The words, for a text in lower case.
    words: &'static str,
    /// RFC 3463 (and its registry) without the class digit.
    detail: &'static str,
}

/// Trying ended.
const EXPIRED: &str = "4.7";

/// In the order in which they are asked.
const MEANINGS: [Meaning; 35] = [
    Meaning {
        stems: r"dmarc|dkim|spf|unauthenticated|authentication check|sender policy framework",
        words: r"dmarc|dkim.{0,40}(?:fail|pass|not)|\bspf\b.{0,40}(?:fail|not|pass|hard|失败)|unauthenticated (?:e?mail|message)|authentication checks? failed|sender policy framework",
        detail: "7.26",
    },
    Meaning {
        stems: r"reverse|ptr|rdns|cannot find your|fqdn required",
        words: r"reverse (?:dns|host)|\bptr\b|\brdns\b|cannot find your (?:hostname|reverse)|fqdn required",
        detail: "7.25",
    },
    Meaning {
        stems: r"too many|loop|hop count",
        words: r"too many (?:hops|received)|\bloop(?:ing|s|ed)?\b|hop count",
        detail: "4.6",
    },
    Meaning { stems: r"virus|malware|infected|trojan|phish", words: r"virus|malware|infected|trojan|phish", detail: "7.1" },
    Meaning {
        stems: r"spam|ube|unsolicited|bulk|junk|black|blocklist|rbl|dnsbl|reputation|bad content",
        words: r"\bspam\b|\bube\b|\bunsolicited\b|bulk (?:e?mail)|\bjunk\b|blacklist|blocklist|black ?list|\brbl\b|spamhaus|spamcop|dnsbl|reputation|bad content",
        detail: "7.1",
    },
    Meaning {
        stems: r"relay",
        words: r"relay(?:ing)?\b.{0,30}(?:denied|not|prohibited|disallowed|forbid)|(?:not|no|unable to|denied to) relay",
        detail: "7.1",
    },
    Meaning {
        stems: r"mailbox|quota|exceed|full|storage|too much mail|容量|いっぱい|一杯|満杯|空き|邮箱已满|空间不足|postfach|boîte|buzón|переполнен",
        words: r"mailbox (?:size )?(?:is |was )?(?:full|exceed)|over ?(?:the )?(?:disk |storage |allowed )?quota|quota (?:is )?(?:exceed|violation|full)|exceed(?:s|ed)?.{0,30}(?:quota|storage|mailbox)|mailfolder is full|storage (?:quota )?(?:exceeded|full|allocation)|disk quota|too much mail|insufficient (?:disk )?storage|account is full|inbox is full|容量|いっぱい|一杯|満杯|空き|邮箱已满|空间不足|postfach (?:ist )?voll|boîte.{0,30}pleine|buzón.{0,20}lleno|переполнен",
        detail: "2.2",
    },
    Meaning {
        stems: r"too l|too b|exceed|size limit|larger than|maximum",
        words: r"(?:message|mail|body|content|attachment|file|header)s? ?(?:size )?(?:is |was |length )?(?:too (?:large|big|long)|exceed)|size limit|exceeds.{0,40}(?:size|limit)|larger than|maximum.{0,20}size|too large",
        detail: "3.4",
    },
    Meaning {
        stems: r"disabled|suspended|deactivated|inactive|discontinued|locked|frozen|closed|expired account|not active|terminated|dormant|on hold",
        words: r"\b(?:disabled|suspended|deactivated|inactive|discontinued|locked|frozen|closed|expired account|not active|terminated|dormant|on hold)\b",
        detail: "2.1",
    },
    Meaning {
        stems: r"has moved|new address|changed|forwarding address|no longer at",
        words: r"has moved|new address|changed (?:his|her|its|their|my) (?:e-?mail )?address|forwarding address|no longer at",
        detail: "1.6",
    },
    Meaning {
        stems: r"accept|null mx|nullmx|no smtp service|mx record",
        words: r"(?:does not|doesn't|do not|not) accept (?:any )?(?:mail|message)s?|null mx|nullmx|no smtp service|mx record.{0,30}(?:no|null)",
        detail: "1.10",
    },
    Meaning {
        stems: r"sender|from|originator",
        words: r"(?:sender|from|originator).{0,40}(?:domain|address|host).{0,40}(?:not exist|not found|rejected|invalid|unknown|not resolve|unresolv|bad|denied)|(?:invalid|unknown|bad) sender",
        detail: "1.8",
    },
    Meaning {
        stems: r"host|domain|server|nxdomain|name service",
        words: r"(?:host|domain|server)(?: name)?[^:\n]{0,40}(?:unknown|not found|not exist|non-?existent|invalid)|unknown (?:host|domain)|no such (?:host|domain)|nxdomain|unrouteable (?:mail )?domain|domain (?:name )?(?:could|does) not|name service error|illegal host",
        detail: "1.2",
    },
    Meaning {
        stems: r"syntax|malformed",
        words: r"(?:address|recipient|mailbox|local part) syntax|syntax[^.;\n]{0,30}(?:address|recipient|mailbox)|malformed (?:address|recipient)",
        detail: "1.3",
    },
    Meaning {
        stems: r"unknown|not found|not exist|doesn't|unavailable|invalid|not recognized|not listed|no longer|not valid|illegal|existent|rejected|wrong|no such|bad|unrouteable|undeliverable|no mailbox|no account|no user|no recipient|buzón|not our customer|this user|isn't known|見つから|存在し|宛先不明|不存在|查无此|kein|inconnu|unbekannt|existiert nicht|desconocid|desconhecid|sconosciut|o existe|non esiste|existe pas|onbekend|okänd|ukendt|ukjent|nieznan|не найден|не существует",
        words: r"(?:user|mailbox|recipient|address|account|addressee|userid|person|alias|local part|name|inbox|member)s?[^.;\n]{0,60}(?:unknown|not found|not exist|doesn't exist|unavailable|invalid|not recognized|not listed|no longer|not valid|illegal|nonexistent|non-existent|rejected|wrong)|(?:unknown|no such|invalid|bad|illegal|non-?existent|wrong|unrouteable|undeliverable) (?:local |final delivery |e-?mail |mail )?(?:part|user|recipient|address|mailbox|account|addressee|userid|alias|person|name)|no (?:mailbox|account|user|recipient)|user.{0,20}doesn't have|sin-? ?buzón|not our customer|this user|isn't known|見つから|存在し|宛先不明|不存在|查无此|kein(?:e)? (?:postfach|empfänger)|utilisateur inconnu|unbekannt|existiert nicht|desconocid|desconhecid|sconosciut|(?:n|nã)o existe|non esiste|existe pas|onbekend|okänd|ukendt|ukjent|nieznan|не найден|не существует",
        detail: "1.1",
    },
    Meaning {
        stems: r"route|mail exchanger|no mx|find a gateway|dns |name server|lookup fail",
        words: r"no route|unable to route|unrouteable|no (?:mx|mail exchanger)|mail exchanger|cannot find a gateway|could not find a gateway|dns (?:error|fail|lookup)|name server|lookup fail",
        detail: "4.4",
    },
    Meaning {
        stems: r"retry |timeout exceeded|too long|expired|giving up|been collected|queue|undelivered after|now|old|retried|attempt|for the last ",
        words: r"retry (?:time|timeout)|timeout exceeded|too long|delivery time expired|message expired|expired|giving up|been collected|queue.{0,30}(?:too long|expired)|undelivered after|days? (?:now|old)|retried|attempts? (?:have )?failed|for the last \d+",
        detail: EXPIRED,
    },
    Meaning {
        stems: r"connect|time|socket error|no answer|unreachable|not respond|busy|network is|did not accept our",
        words: r"connect(?:ion)?\b.{0,40}(?:refused|timed? ?out|fail|reset|lost|dropped|closed|establish)|(?:not|unable to) connect|not accepting (?:any )?connections|could ?n[o']t connect|establish.{0,20}connection|timed? ?out|socket error|no answer|unreachable|not respond|busy|network is|unavailable or busy|did not accept our requests to connect",
        detail: "4.1",
    },
    Meaning {
        stems: r"too many|limit|throttl|too f|receiving|slow down|temporarily deferred|try again later|grey|graylist",
        words: r"too many (?:connections|concurrent|simultaneous)|(?:rate|connection) limit|throttl|too (?:fast|many messages|many emails|frequent)|receiving (?:mail|email).{0,20}too|slow down|temporarily deferred|try again later|grey ?list|graylist",
        detail: "7.0",
    },
    Meaning { stems: r"too many recipients|recipient limit", words: r"too many recipients|recipient limit", detail: "5.3" },
    Meaning { stems: r"tls|encrypt|certificate", words: r"(?:starttls|tls|encrypt|certificate)", detail: "7.10" },
    Meaning {
        stems: r"auth|must log",
        words: r"authenticat(?:e|ion) (?:required|fail|unsuccess|needed)|must (?:login|log in|authenticate)|auth(?:entication)? (?:is )?required",
        detail: "7.0",
    },
    Meaning {
        stems: r"banned|attachment|mime|malformed|content|bit|ascii|header|rfc",
        words: r"banned|attachment|mime|malformed|content|7-?bit|8-?bit|non-?ascii|duplicate header|rfc ?(?:5322|2822|822)|missing.{0,20}header|header",
        detail: "6.0",
    },
    Meaning {
        stems: r"policy|authorized|permitted|prohibited|denied|refused|rejected|blocked|not allowed|forbidden|restrict|member|may not post|permission|not accepting|access",
        words: r"policy|not authorized|unauthorized|not permitted|prohibited|denied|refused|rejected|blocked|not allowed|forbidden|restrict|not a member|not member|may not post|permission|not accepting|access",
        detail: "7.1",
    },
    Meaning {
        stems: r"syntax|command|bad sequence|protocol error|unrecogni|argument",
        words: r"syntax|command (?:not|un)|bad sequence|protocol error|unrecogni[sz]ed|argument",
        detail: "5.0",
    },
    Meaning {
        stems: r"disk full|no space|queue full|system storage|file system",
        words: r"disk full|no space|queue full|system storage|file system",
        detail: "3.1",
    },
    Meaning {
        stems: r"command|pipe to|mailer|exit|local configuration|procmail",
        words: r"command (?:died|output)|pipe to|mailer error|unix mailer|exit(?:ed)? (?:with )?(?:status|code)|local configuration|procmail|mailer died",
        detail: "3.0",
    },
    Meaning {
        stems: r"shutting down|maintenance|available|error|resources|temporary",
        words: r"shutting down|maintenance|not available|service unavailable|unavailable|system error|internal error|server error|resources|config(?:uration)? error|local error|temporary",
        detail: "3.0",
    },
    Meaning { stems: r"unknown|not exist|not found", words: r"unknown|not exist|not found", detail: "1.1" },
    Meaning { stems: r"full", words: r"full", detail: "2.2" },
    Meaning { stems: r"limit", words: r"limit", detail: "2.3" },
    Meaning { stems: r"sender", words: r"sender", detail: "1.8" },
    Meaning { stems: r"relay", words: r"relay", detail: "7.1" },
    Meaning { stems: r"deferred", words: r"deferred", detail: "4.0" },
    Meaning { stems: r"delayed|not yet", words: r"delayed|not yet", detail: "4.7" },
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A meaning and a text that has its words, borders of words aside.
    fn text_with_words() -> impl Strategy<Value = (usize, String)> {
        (0..MEANINGS.len()).prop_flat_map(|index| {
            let pattern = MEANINGS[index].words.replace(r"\b", "");
            (Just(index), proptest::string::string_regex(&pattern).expect("a pattern without borders"))
        })
    }

    /// A subject that fits a pattern, borders of words aside, as it is and with other letters of ASCII in place of its own.
    fn subject_like(pattern: &'static str) -> impl Strategy<Value = String> {
        let texts = proptest::string::string_regex(&pattern.replace(r"(?-u:\b)", "")).expect("a pattern without borders");
        (texts, proptest::bool::ANY).prop_map(|(text, is_kept)| {
            let text = text.to_lowercase();
            if is_kept { text } else { text.chars().map(|c| if c.is_ascii_graphic() { c } else { ' ' }).collect() }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_subject_of_a_report_has_a_stem(text in proptest::sample::select(REPORT_SUBJECTS.to_vec()).prop_flat_map(subject_like)) {
            let patterns = RegexSet::new(REPORT_SUBJECTS).expect("constant patterns");
            let stems = Regex::new(REPORT_STEMS).expect("constant pattern");
            prop_assert!(!text.is_ascii() || !patterns.is_match(&text) || stems.is_match(&text), "{:?} has no stem", text);
        }

        #[test]
        fn every_text_with_the_words_has_a_stem((index, text) in text_with_words()) {
            let (meaning, text) = (&MEANINGS[index], text.to_lowercase());
            if Words::new(meaning.words).are_in(&text) {
                let stems = Regex::new(meaning.stems).expect("constant pattern");
                prop_assert!(stems.is_match(&text), "{:?} has none of {}", text, meaning.stems);
            }
        }
    }

    #[test]
    fn a_border_counts_letters_of_every_script() {
        assert!(says_failure("550 5.1.1"));
        assert!(!says_failure("\u{e4}550 5.1.1"));
        assert!(says_failure("\u{e4}550 5.1.1\nh\u{f4}te: 550 5.1.1"));
    }
}
