//! The words that mail clients put around quotes, in the languages they speak.
//!
//! Header labels, verbs of introductions, names of forwards and originals, closings, device signatures. A word stands
//! here because a client in that language writes it; rules live elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::beginning::{Beginnings, Ends};
use crate::parse;
use crate::small_word::{self, PackedMap};

fn list(words: &'static str) -> Vec<&'static str> {
    words.split('|').collect()
}

/// Any of some words: one search for all of them.
fn any_of(words: &str) -> Regex {
    Regex::new(&words.split('|').map(regex::escape).collect::<Vec<_>>().join("|")).expect("fixed words")
}

/// A header field by what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    From,
    Sent,
    To,
    Cc,
    Subject,
    ReplyTo,
    Other,
}

/// The field that a label (lower case, without marks and colon) names.
pub(crate) fn field(label: &str) -> Option<Field> {
    match small_word::packed(label) {
        Some(packed) if !label.ends_with('\0') => SHORT_FIELDS.get(packed).copied(),
        _ => FIELDS.get(label).copied(),
    }
}

/// Those that can be packed, as most lines that have a colon are asked for them.
static SHORT_FIELDS: LazyLock<PackedMap<Field>> =
    LazyLock::new(|| PackedMap::new(FIELDS.iter().filter_map(|(label, field)| Some((small_word::packed(label)?, *field)))));

static FIELDS: LazyLock<BTreeMap<&str, Field>> = LazyLock::new(|| {
    let lists = [
        (
            Field::From,
            "from|von|de|da|van|från|fra|frå|od|ot|от|від|lähettäjä|feladó|gönderen|kimden|差出人|送信者|送信元|发件人|寄件者|寄件人|發件人|\
             보낸 사람|보낸사람|보낸이|발신|발신자|expéditeur|remitente|remetente|mittente|afzender|avsändare|afsender|avsender|\
             odesílatel|odesilatel|odosielateľ|pošiljatelj|de la|expeditor|nadawca|saatja|kellelt|dari|من|מאת|από|\
             від кого|от кого|отправитель|відправник|подател|pošilja|šalje|z|absender|remitent|nuo|no|từ|จาก|gönderici|発信者|從|\
             αποστολέας|ผู้ส่ง|pengirim|daripada|siuntėjas|kas|frá|nork|од|шаље|ад|المرسل|مِن|از|gửi từ|प्रेषक|kimdən",
        ),
        (
            Field::Sent,
            "sent|date|date sent|message date|sent at|sent on|gesendet|gesendet am|datum|envoyé|envoyé le|envoyée|envoyé à|enviado|enviado el|\
             enviado em|enviada em|enviada|enviados|fecha|data|dată|inviato|data invio|inviata|verzonden|verzonden op|\
             verstuurd|skickat|skickades|sendt|dato|dátum|elküldve|küldve|küldés ideje|küldés|wysłano|wysłane|wysłana|\
             odesláno|odoslané|odoslaná|odoslano|poslano|poslané|lähetetty|päivämäärä|päiväys|pvm|отправлено|отправлен|\
             дата|дата отправки|надіслано|відправлено|изпратено|изпратен|gönderildi|gönderme tarihi|gönderilme tarihi|\
             gönderim tarihi|tarih|изпратено на|trimis|trimisă|trimis la|data trimiterii|saadetud|kuupäev|saatmise kuupäev|送信日時|送信日|\
             日付|日時|发送时间|发送日期|日期|时间|傳送時間|寄件日期|傳送日期|發送時間|보낸 날짜|보낸날짜|날짜|전송|보낸 시간|보냄|일시|message du|تاريخ|ημερομηνία|στάλθηκε|\
             tanggal|ngày|datums|poslata|datum slanja|datum pošiljanja|ส่ง|วันที่|išsiųsta|saatmisaeg|נשלח|תאריך|تاريخ الإرسال|تم الإرسال|\
             التاريخ|تاریخ|датум|dagsetning|tarikh|tarix|दिनांक",
        ),
        (
            Field::To,
            "to|an|à|a|para|aan|naar|till|til|do|pro|komu|кому|до|címzett|címzettek|alıcı|kime|kenelle|vastaanottaja|\
             vastaanottajat|宛先|宛て先|收件人|收件者|받는 사람|받는사람|수신|수신자|către|destinataire|destinataires|destinatario|destinatarios|\
             destinatari|destinatário|destinatar|pour|za|prima|kellele|adresát|příjemce|príjemca|prejemnik|получатель|\
             одержувач|получател|empfänger|adresat|odbiorca|geadresseerde|mottagare|modtager|mottaker|saaja|إلى|אל|προς|\
             kepada|đến|per|per a|kam|kam:|ถึง|adressaat|ontvanger|到|παραλήπτης|ผู้รับ|penerima|gavėjas|nori|прима|примач|каму|\
             المستقبل|به|người nhận|kimə|प्राप्तकर्ता",
        ),
        (
            Field::Cc,
            "cc|bcc|kopie|kopie an|copie|copie à|cci|kopia|kopi|kopio|копия|копія|копие|másolatot kap|másolat|bilgi|抄送|\
             副本|参照|참조|dw|udw|kópia|kopija|copia|cópia|koopia|c.c|c.c.|密送|копія (cc)|copie carbone|копия (cc)|kopie (cc)|kopi til|kopi til (cc)|\
             copie (cc)|copia (cc)|kopya|kp|копие до|κοινοποίηση|עותק|לידיעה|สำเนาถึง|写し(cc)|نسخة|رونوشت|tembusan|afrit",
        ),
        (
            Field::Subject,
            "subject|betreff|objet|sujet|asunto|oggetto|onderwerp|assunto|ämne|emne|předmět|predmet|temat|тема|относно|\
             tárgy|konu|subiect|aihe|otsikko|件名|主题|主旨|主題|标题|標題|제목|teema|pealkiri|zadeva|naslov|věc|vec|assumpte|objekt|ogg|\
             الموضوع|נושא|θέμα|subjek|chủ đề|tiêu đề|เรื่อง|หัวเรื่อง|предмет|subiectul|subj|thema|rubrik|заглавие|judul|efni|titill|temats|tēma|tema|gaia|\
             наслов|тэма|موضوع|विषय|mövzu",
        ),
        (
            Field::ReplyTo,
            "reply-to|reply to|répondre à|rép. à|rép à|antwort an|antworten an|antwort-an|responder a|rispondi a|\
             svar til|svar-til|svara till|svara-till|odpowiedz do|odpověď na|odpovědět komu|odpovedať|antwoord aan|\
             beantwoorden aan|vastaus|vastaa osoitteeseen|返信先|回复|答复|答覆|回覆|回复至|yanıtla|yanıt adresi|válaszcím|ответить|\
             кому ответить|відповісти|отговор до|răspuns către|răspundeți la|vasta|vastus|답장 받는 사람|회신|odgovori|odgovor|responder para|\
             odpowiedź do|svar till|răspunde la|vastaus osoitteeseen|odgovor na|회신 주소|回覆至|απάντηση στο|الرد إلى",
        ),
        (
            Field::Other,
            "attachments|attachment|importance|priority|sensitivity|organization|organisation|message-id|anlagen|anlage|\
             wichtigkeit|priorität|pièces jointes|pièce jointe|priorité|importancia|datos adjuntos|archivos adjuntos|\
             allegati|priorità|bijlagen|urgentie|anexos|prioridade|prioridad|bilagor|bilaga|vedhæftede filer|vedlegg|\
             liitteet|załączniki|ważność|přílohy|důležitost|prílohy|mellékletek|fontosság|ataşamente|вложения|важность|\
             вкладення|ekler|önem|添付ファイル|重要度|附件|重要性|첨부|첨부 파일|중요도|прикачени файлове|priloge|manused|user-agent|x-mailer|\
             list-id|newsgroups|groups|sender|resent-from|kategorien|categories",
        ),
    ];
    lists.into_iter().flat_map(|(field, labels)| list(labels).into_iter().map(move |label| (label, field))).collect()
});

/// No label is longer.
pub(crate) const LABEL_CHARS_MAX: usize = 24;

/// Verbs that end or divide an introduction: `wrote`, `schrieb`, `a écrit` …
pub(crate) static VERB: LazyLock<Regex> = LazyLock::new(|| {
    let words = "wrote|quoting|zitat von|citando|citeren|quotando|writes|written|schrieb(?:en)?|geschrieben|schreibt|écrit|ecrit|escribi[óo]|escribe|escrito|escreveu|\
                 escreve|ha scritto|scritto|scrive|schreef|geschreven|skrev|skriver|skreiv|napisał(?:a|\\(a\\)|/a)?|\
                 napisal[ai]?(?:\\(a\\))?|pisze|napsal[ai]?(?:\\(a\\))?|napísal[ai]?(?:\\(a\\))?|píše|piše|napisao|kirjoitti|\
                 kirjutas|írta|írja|scris|scrie|написал(?:а|\\(а\\)|и)?|писал(?:а|\\(а\\))?|пишет|написав(?:ши)?|написала|\
                 пише|написа|yazdı|yazmış|escrit|viết|έγραψε|έγραψες|כתב(?:ה)?|كتب|rakstīja|rašė|menulis|skrifaði|sent|\
                 verfasst|ytret|yazıyor|escribió|a scris|отправил(?:а)?|писали|писав|napisana przez|idatzi du|написао|напишао|نوشت|je napísal|escribiu|va escriure|idatzi zuen|γράψατε|написахте|напісаў|напиша|\
                 написано|napisa|rašėte|piszesz|kirjoitit|yazdınız|yazıldı|skrivaði|נכתב על ידי|excerpts from";
    let cjk = [
        "写道",
        "寫道",
        "写到",
        "写了",
        "写信",
        "のメッセージ",
        "書きました",
        "書いた",
        "からのメール",
        "님이 작성",
        "작성",
        "님이",
        "쓰셨습니다",
        "は書き",
        "さんは",
        "写于",
        "寫到",
        "쓴 글",
        "쓴 내용",
        "เขียน",
    ];
    let pattern =
        format!(r"(?i)(?:^|[^\p{{L}}])(?:{})(?:$|[^\p{{L}}])|(?:{})|^(?:cytowanie|citerar|citat|cituji)\s", words, cjk.join("|"));
    Regex::new(&pattern).expect("a fixed pattern")
});

/// First words of introductions.
pub(crate) static STARTERS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    list(
        "on|am|în|дана|בתאריך|در|missatge|le|el|il|op|em|den|dne|dňa|dnia|в|на|у|på|in|dana|vào|στις|ב|pe|från|pada|dia|à|w|la|u|no",
    )
});

/// Names of the mail answered, as between dashes.
pub(crate) static ORIGINAL: LazyLock<Beginnings> = LazyLock::new(|| {
    Beginnings::new(list(
        "original message|replied message|reply message|original e-mail|original email|original mail|original appointment|\
     ursprüngliche nachricht|originalnachricht|original-nachricht|ursprüngliche mail|urspruengliche nachricht|\
     antwort nachricht|originaltext|message d'origine|message d’origine|message original|message initial|\
     e-mail d'origine|mensaje original|correo original|mensagem original|messaggio originale|oorspronkelijk bericht|\
     origineel bericht|oorspronkelijke mail|ursprungligt meddelande|originalmeddelande|oprindelig meddelelse|\
     oprindelig besked|oprindelig mail|opprinnelig melding|original melding|opprinnelig epost|alkuperäinen viesti|\
     oryginalna wiadomość|wiadomość oryginalna|oryginalny mail|původní zpráva|původní e-mail|pôvodná správa|\
     eredeti üzenet|eredeti levél|mesaj original|mesajul original|исходное сообщение|оригинальное сообщение|\
     исходное письмо|вихідне повідомлення|оригінальне повідомлення|оригинално съобщение|özgün ileti|orijinal mesaj|\
     orijinal ileti|回复的原邮件|原始信件|оригинално писмо|元のメッセージ|original メッセージ|オリジナルメッセージ|原始邮件|原始郵件|原邮件|원본 메시지|원본 메일|izvirno sporočilo|originalna poruka|\
     algne kiri|αρχικό μήνυμα|ההודעה המקורית|הודעה מקורית|رسالة أصلية|الرسالة الأصلية|missatge original|original besked|tin nhắn gốc|thư gốc|pesan asli|ข้อความต้นฉบับ|\
     courriel original|treść oryginalnej wiadomości|izvorna poruka|izvorno sporočilo|oorspronkelijke bericht|\
     esialgne kiri|початкове повідомлення|opphavleg melding|原始消息|原邮件内容|邮件原件|郵件原件|originalus laiškas|sākotnējā vēstule|\
     upprunaleg|jatorrizko mezua|mensaxe orixinal|изворна порука|оригинална порука|الرسالة الأصليَّة|الرسالة الأساسية",
    ))
});

/// Stems of "forwarded".
pub(crate) static FORWARD_STEMS: LazyLock<Regex> = LazyLock::new(|| {
    any_of(
        "forward|fwd|weitergeleitet|weiterleitung|transféré|réexpédié|transfere|reenviado|reexpedid|inoltrat|\
     doorgestuurd|encaminhad|reencaminhad|vidarebefordra|vidaresänt|videresend|videresendt|videresendte|välitetty|\
     edelleenlähet|uudelleenlähet|przekazan|przesłan|przesyłan|przekazyw|letilmiş|пересыла|пересла|пересил|переадрес|перенаправ|\
     přeposlan|přeposílan|preposlan|posredovan|proslijeđen|továbbított|redirecţionat|redirecționat|redirecționare|yönlendiril|\
     iletilmiş|iletilen|препрат|edastatud|edasi saadetud|vidaresend|reenviada|reenviat|înaintat|transmis|przekierow|\
     προωθημέν|diteruskan|שהועברה|прослеђен|prosleđen|pārsūtīt|persiųst|áframsend|birbidali|ممرّر|chuyển tiếp|ส่งต่อ|転送|转发|轉寄|轉發",
    )
});

/// Stems of "message".
pub(crate) static MESSAGE_STEMS: LazyLock<Regex> = LazyLock::new(|| {
    any_of(
        "message|nachricht|mensaje|messaggio|bericht|mensagem|meddel|besked|melding|viesti|wiadomoś|сообщени|письм|zpráv|\
     správ|üzenet|mesaj|メッセージ|邮件|郵件|메시지|mail|mejl|e-post|epost|brev|повідомлен|лист|poruka|poruke|sporočil|kiri|kirja|\
     съобщени|correo|ileti|missatge|mensaxe|mesaj|μήνυμα|pesan|הודעה|порука|vēstul|laišk|póstur|mezua|رسالة|tin nhắn|ข้อความ|courriel|levél|信件|消息|訊息|メール|메일|by|von|par|zpr|por",
    )
});

/// Korean writes "forwarded message" as words that share no stem with the above.
pub(crate) static FORWARD_WHOLE: LazyLock<Vec<&str>> = LazyLock::new(|| {
    list(
        "전달된 메시지|전달된 메일|전달한 메시지|forwarded|begin forwarded message|forwarded content|i̇leti başlangıcı|ileti başlangıcı|\
     开始转发的邮件|전달된 메시지 시작",
    )
});

/// Polite ends that are signature even without a name.
pub(crate) static CLOSINGS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    list(
        "regards|best regards|kind regards|warm regards|warmest regards|kindest regards|with kind regards|\
     with best regards|with regards|best wishes|warm wishes|many regards|rgds|brgds|br|kr|sincerely|yours sincerely|\
     sincerely yours|yours faithfully|faithfully|yours truly|very truly yours|respectfully|respectfully yours|\
     cordially|cheers|all the best|best|take care|yours|love|xoxo|bye|ciao|hugs|with appreciation|warmly|many greetings|\
     have a nice day|have a great day|mfg|mit freundlichen grüßen|mit freundlichen grüssen|mit freundlichen gruessen|\
     mit freundlichem gruß|mit freundlichem gruss|freundliche grüße|freundliche grüsse|freundlichen gruß|\
     freundlichen grüßen|freundlicher gruß|beste grüße|beste grüsse|liebe grüße|liebe grüsse|viele grüße|\
     viele grüsse|herzliche grüße|herzliche grüsse|schöne grüße|schöne grüsse|mit besten grüßen|besten gruß|lg|vg|bg|\
     grüße|gruß|gruss|hochachtungsvoll|mit freundlichen grüßen / best regards|mit lieben grüßen|im auftrag|i.a|i. a|i.v|i. v|ppa|\
     mit herzlichen grüßen|mit vielen grüßen|cordialement|bien cordialement|très cordialement|bien à vous|bien à toi|\
     salutations|salutations distinguées|sincères salutations|meilleures salutations|amicalement|cdt|cdlt|\
     respectueusement|saludos|un saludo|un cordial saludo|saludos cordiales|atentamente|atte|cordialmente|un abrazo|\
     saludos y gracias|gracias y saludos|grazie e saluti|merci et bonne journée|bonne réception|atenciosamente|att|cumprimentos|com os melhores cumprimentos|melhores cumprimentos|abraço|\
     abraços|saudações|saluti|cordiali saluti|distinti saluti|un saluto|un cordiale saluto|cari saluti|groet|groeten|groetjes|hartelijke groeten|\
     met vriendelijke groet|met vriendelijke groeten|vriendelijke groet|vriendelijke groeten|hartelijke groet|mvg|\
     met groet|mvh|med vänlig hälsning|med vänliga hälsningar|vänliga hälsningar|hälsningar|vänligen|\
     med venlig hilsen|venlig hilsen|hilsen|kh|vh|de bedste hilsner|bedste hilsner|mange hilsner|med vennlig hilsen|\
     vennlig hilsen|beste hilsen|hilsner|ystävällisin terveisin|terveisin|parhain terveisin|terv|pozdrawiam|\
     z poważaniem|z powazaniem|s pozdravem|s pozdravom|üdvözlettel|cu stimă|с уважением|з повагою|с уважение|\
     saygılarımla|lep pozdrav",
    )
});

/// More of the same for the languages with fewer forms, and scripts without case.
pub(crate) static CLOSINGS_MORE: LazyLock<Vec<&str>> = LazyLock::new(|| {
    list(
        "pozdrawiamy|serdecznie pozdrawiam|z pozdrowieniami|z wyrazami szacunku|pozdrowienia|hezký den|\
     s přátelským pozdravem|zdravím|pozdrav|s úctou|s priateľským pozdravom|tisztelettel|üdv|szívélyes üdvözlettel|\
     köszönettel|cu respect|cu drag|o zi bună|toate cele bune|всего доброго|всего хорошего|с наилучшими пожеланиями|\
     з найкращими побажаннями|поздрави|с поздрав|saygılar|iyi çalışmalar|i̇yi çalışmalar|iyi günler|i̇yi günler|sevgiler|selamlar|lp|\
     lepo pozdravljeni|s spoštovanjem|lugupidamisega|parimate soovidega|tervitades|heade soovidega|よろしくお願いします|どうぞよろしくお願いいたします|どうぞよろしくお願いします|\
     よろしくお願いいたします|宜しくお願い致します|宜しくお願いします|何卒よろしくお願い申し上げます|\
     よろしくお願い申し上げます|何卒よろしくお願いいたします|よろしくお願い致します|以上、よろしくお願いいたします|敬具|此致|此致敬礼|顺颂商祺|順頌商祺|敬礼|祝好|顺祝商祺|谢谢|감사합니다|감사드립니다|고맙습니다|수고하세요|안녕히 계세요|\
     srdačan pozdrav|με εκτίμηση|φιλικά|χαιρετισμούς|בברכה|مع تحياتي|تحياتي|مع خالص التحية|مع أطيب التحيات|با احترام|trân trọng|hormat saya|pagarbiai|ar cieņu|atentament|salutacions|\
     have a nice weekend|have a great weekend|enjoy your weekend|schönes wochenende|schönen tag|schönen tag noch|\
     einen schönen tag|einen schönen tag noch|bonne journée|bon week-end|buona giornata|buon lavoro|fijne dag|\
     fijn weekend|que tenga un buen día|trevlig helg|god weekend|tervisi|tervitustega|terkkuin|ystävällisesti",
    )
});

/// Thanks close a mail only above a name.
pub(crate) static THANKS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    BTreeSet::from_iter(list(
        "thanks|thank you|thanks a lot|many thanks|thanks again|thank you again|thx|ty|thanks in advance|\
     thank you in advance|thanks so much|thank you so much|thank you very much|thanks very much|thanks and regards|\
     thanks & regards|thanks and best regards|with thanks|much appreciated|danke|vielen dank|danke schön|\
     danke im voraus|vielen dank im voraus|besten dank|mit bestem dank|herzlichen dank|merci|merci beaucoup|merci d'avance|\
     merci d’avance|gracias|muchas gracias|gracias de antemano|obrigado|obrigada|muito obrigado|muito obrigada|\
     grazie|grazie mille|bedankt|alvast bedankt|dank u|dank je|dank je wel|tack|tack på förhand|tak|på forhånd tak|\
     takk|kiitos|kiitos paljon|dziękuję|dzięki|děkuji|díky|ďakujem|köszönöm|mulțumesc|спасибо|teşekkürler",
    ))
});

/// Whether a text begins with a greeting.
pub(crate) fn greets(text: &str) -> bool {
    static GREETINGS: LazyLock<Beginnings<2>> = LazyLock::new(|| {
        Beginnings::new(list(
            "hi|hello|hey|dear|good morning|good afternoon|good evening|good day|greetings|hallo|guten tag|guten morgen|guten abend|guten|\
     sehr geehrte|liebe|lieber|moin|servus|grüezi|grüß gott|bonjour|bonsoir|cher|chère|chers|madame|monsieur|salut|hola|estimad|\
     buenos|buenas|querid|ciao|buongiorno|buonasera|gentile|egregio|spett|salve|olá|bom dia|boa tarde|prezad|caro|cara|\
     beste|geachte|goedemorgen|goedemiddag|goedendag|hej|god morgon|god dag|kære|kjære|hei|moi|hyvä|dzień dobry|cześć|witam|szanown|\
     dobrý den|dobrý deň|ahoj|vážen|tisztelt|kedves|szia|jó napot|bună ziua|bună|stimat|здравствуйте|добрый|привет|уважаем|\
     доброго дня|шановн|вітаю|здравей|merhaba|sayın|iyi günler|dobar dan|poštovan|živjo|spoštovan|pozdravljeni|tere|lugupeetud|\
     καλημέρα|αγαπητ|γεια|שלום|مرحبا|السلام|您好|你好|尊敬的|안녕하세요|お世話になって|こんにちは",
        ))
    });
    GREETINGS.may_begin(text) && {
        let lower = parse::lines(text).next().unwrap_or_default().to_lowercase();
        // "hi" begins other words too; some of the list are beginnings of words, and scripts without spaces have no ends.
        let ends = |word: &str| word.len() > 3 || !lower[word.len()..].starts_with(char::is_alphanumeric);
        GREETINGS.of(&lower).any(ends)
    }
}

/// Beginnings of lines that phones and programs add, lower case.
pub(crate) static SENT_FROM: LazyLock<Beginnings> =
    LazyLock::new(|| Beginnings::new(SENT_FROM_FIRST.iter().chain(SENT_FROM_MORE.iter()).copied().collect()));

/// Those of the languages most written in.
static SENT_FROM_FIRST: LazyLock<Vec<&str>> = LazyLock::new(|| {
    list(
        "sent from|sent via|sent with|sent using|sent by|sent wirelessly|get outlook for|via mobile|sent through|\
     written on|sent on the go from|sent securely|composed on|typed on|download outlook|yahoo mail:|gesendet von|\
     gesendet mit|gesendet über|gesendet via|gesendet aus|von meinem|von meiner|diese nachricht wurde von|\
     diese e-mail wurde von|outlook für|verschickt von|sent from my|envoyé de|envoyé depuis|envoyé à partir|\
     envoyé avec|envoyé par|envoyé sans fil|envoyé via|envoyé du|obtenez outlook|obtenir outlook|télécharger outlook|\
     téléchargez outlook|provenance : courrier|enviado desde|enviado con|enviado de|enviado por|enviado mediante|\
     enviado a través|obtener outlook|obtén outlook|descargar outlook|enviado do|enviado a partir|enviado pelo|\
     enviado via|enviado com|obter o outlook|obtenha o outlook|baixe o outlook|inviato da|inviata da|inviato con|\
     inviato tramite|inviato dal|scarica outlook|ottieni outlook|verzonden vanaf|verstuurd vanaf|verzonden met|\
     verzonden van|verstuurd met|verzonden via|outlook voor|download outlook voor|skickat från|skickades från|\
     skickat med|hämta outlook|sendt fra|sendt med|sendt via|hent outlook|få outlook|lähetetty|hanki outlook|\
     wysłane z|wysłano z",
    )
});

/// More of the same.
static SENT_FROM_MORE: LazyLock<Vec<&str>> = LazyLock::new(|| {
    list(
        "holen sie sich outlook|skaffa outlook|pobierz aplikację outlook|secured with|get bluemail|get spark|εστάλη από|\
     wysłane za|pobierz outlook|pobierz program outlook|uzyskaj outlook|odesláno z|odesláno přes|posláno z|\
     získat outlook|získejte outlook|stáhnout outlook|odoslané z|získať outlook|získajte outlook|elküldve|küldve|\
     az outlook beszerzése|outlook beszerzése|trimis de pe|trimis din|trimis de la|trimis cu|obțineți outlook|\
     descărcați outlook|отправлено с|отправлено из|отправлено от|отправлено через|скачать outlook|получить outlook|\
     скачайте outlook|надіслано з|надіслано через|відправлено з|отримати outlook|завантажити outlook|изпратено от|\
     изпратено с|изпратено чрез|получете outlook|вземете outlook|android için outlook|ios için outlook|发自我的|发送自|傳送自|\
     發自我的|从我的|從我的|取得 outlook|获取 outlook|saadetud minu|hankige outlook|poslano z|poslano iz|poslano s mo|poslano sa|\
     enviat des|στάλθηκε|gửi từ|đã gửi từ|ส่งจาก|נשלח מ|أُرسل|dikirim dari|trimis prin|išsiųsta iš|nosūtīts no|\
     verstuurd vanuit|last ned outlook|stiahnuť outlook|stiahnite si outlook|загрузить outlook|下載 ios|下載 android|获取适用于|来自我的|发自|أرسلت من|\
     hangi outlook|von unterwegs gesendet|mobil gesendet",
    )
});

/// Whose device it is.
pub(crate) const POSSESSIVES: &[&str] = &[
    " my ",
    " mein",
    " mon ",
    " ma ",
    " mi ",
    " meu",
    " mio ",
    " mia ",
    " mijn ",
    " min ",
    " mit ",
    " mojego",
    " mého",
    " môjho",
    " мого",
    " моего",
    " моя ",
    " minu ",
    " mojega",
    " mog ",
    " meu ",
    " a ",
];

/// Ends of such lines in languages that put the verb last.
pub(crate) static SENT_FROM_ENDS: LazyLock<Ends> = LazyLock::new(|| {
    Ends::new(list(
        "gönderildi|から送信|から送信されました|で送信|を入手|에서 보냄|앱에서 보냈습니다|에서 보냈습니다|에서 전송됨|용 outlook|에서 보냈음|发送|傳送|küldve|gesendet|outlook'u edinin|\
     다운로드",
    ))
});

/// Words that name a device or a mail program.
pub(crate) static DEVICE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)i-?phon|i-?pad|i-?pod|i-?os|i-?mac|macbook|android|blackberry|samsung|galaxy|huawei|honor|nokia|lumia|windows|outlook|mail app|mail f[oü]r|gmail|yahoo|htc|mobil|mobile|phone|handy|telefon|tel[eé]fono|t[ée]l[ée]phone|téléphone|tablet|smartphone|xiaomi|redmi|oneplus|pixel|sony|xperia|\blg\b|motorola|proton|tutanota|tuta|spark|mailbox|sparrow|typeapp|bluemail|k-9|thunderbird|aquamail|nine\b|gmx|web\.de|t-online|telekom|verizon|at&t|vodafone|t-mobile|gerät|appareil|dispositivo|apparaat|телефон|смартфон|айфон|手机|手機|スマ|携帯|휴대|아이폰|갤럭시|메일 앱|네이버|acompli|airmail|newton|superhuman|wiko|oppo|vivo|realme|fairphone|libero|orange|zoho|fastmail|front\b|mobiel|邮箱|郵箱|客户端|missive|hey\b|canary|edison|mailspring|em client|rogers|bell\b|wireless|mail\.ru|яндекс|почт|boxer|fairemail|workspace",
    )
    .expect("a fixed pattern")
});

/// What other systems write above the part that they cut.
pub(crate) static REPLY_ABOVE: LazyLock<Regex> = LazyLock::new(|| {
    any_of(
        "reply above this line|reply above the line|reply above the dotted line|type your reply above|\
     type your response above|write your reply above|write above this line|please type your reply|\
     respond above this line|please reply above|add your reply above|enter your reply above|\
     reply above this dashed line|when replying, please do not|do not edit below|do not write below|\
     do not delete this line|antworten sie oberhalb|antwort oberhalb dieser|oberhalb dieser linie|\
     über dieser linie antworten|bitte antworten sie über|bitte oberhalb|répondez au-dessus|répondre au-dessus|\
     réponse au-dessus de cette ligne|au-dessus de cette ligne|por encima de esta línea|encima de esta línea|\
     acima desta linha|sopra questa riga|sopra questa linea|boven deze lijn|boven deze regel|ovanför denna rad|\
     ovanför den här raden|over denne linje|über dieser zeile|oberhalb dieser zeile|powyżej tego wiersza|powyżej tej linii|\
     nad tento řádek|nad tímto řádkem|nad tento riadok|над этой строкой|выше этой строки|выше этой линии|над цим рядком|\
     над този ред|この行より上|この線より上|この行の上|此行上方|此线上方|此行之上|此行以上|bu satırın üz|bu çizginin üz|이 줄 위에|이 선 위에|\
     tämän rivin yläpuolelle|e sor fölé|deasupra acestei linii|deasupra acestui rând|selle rea kohale|nad to vrstico|\
     iznad ove linije|πάνω από αυτή τη γραμμή|πάνω από αυτήν τη γραμμή|מעל שורה זו|فوق هذا السطر|فوق هذا الخط|เหนือบรรทัดนี้|\
     phía trên dòng này|damunt d'aquesta línia|sobre d'aquesta línia|在此行上方|di atas baris ini|over denne linjen",
    )
});

/// Words of which a legal notice holds several.
pub(crate) static DISCLAIMER_WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    list(
        "confidential|privileged|intended recipient|intended solely|disclosure|prohibited|unauthorized|unauthorised|\
     delete this|notify the sender|this e-mail|this email|this message|any attachments|received this|in error|\
     disclaimer|virus|vertraulich|vertrauliche|empfänger|unbefugte|irrtümlich|vernichten|diese e-mail|\
     diese nachricht|nicht gestattet|confidentiel|destinataire|ce message|par erreur|pièces jointes|confidencial|\
     destinatario|este mensaje|por error|esta mensagem|destinatário|riservat|destinatari|questo messaggio|per errore|\
     vertrouwelijk|geadresseerde|dit bericht|fortrolig|konfidentiell|modtageren|\
     mottagaren|mottakeren|mejlet|av misstag|ved en fejl|poufn|adresata|ta wiadomość|przeznaczona wyłącznie|\
     конфиденциальн|адресат|настоящее сообщение|důvěrn|bizalmas|uitsluitend bestemd|voor u bestemd|vernietigen|\
     adresát|omylem|tato zpráva|tuto zprávu|по ошибке|удалите|данное сообщение|detta meddelande|endast avsett|radera|\
     niniejsza wiadomość|omyłkowo|pomyłk|esta mensagem|por engano|apague|gizli|yanlışlıkla|bu e-posta|bu ileti|\
     luottamuksell|vastaanottaja|vahingossa|erehdyksessä|címzett|tévedés|confidențial|din eroare|конфіденц|помилков|\
     please consider the environment",
    )
});

/// Openings of notices that say all by themselves.
pub(crate) static NOTICES: LazyLock<Beginnings> = LazyLock::new(|| {
    Beginnings::new(list(
        "please consider the environment|consider the environment before|think before you print|\
     confidentiality notice|disclaimer:|bitte denken sie an die umwelt|denken sie an die umwelt|\
     bitte prüfen sie, ob diese e-mail|bitte prüfen sie, ob diese mail|pensez à l'environnement|\
     pensez à l’environnement|avant d'imprimer|avant d’imprimer|antes de imprimir|piense en el medio ambiente|\
     prima di stampare|denk aan het milieu|tänk på miljön|tænk på miljøet|this email has been checked for viruses|\
     this e-mail has been checked for viruses|diese e-mail wurde von avast|\
     cet e-mail a été vérifié|l'absence de virus|l’absence de virus|este correo electrónico ha sido comprobado|\
     libre de virus|virus-free|virenfrei|privo di virus|virusvrij|bez wirusów|this message has been scanned|\
     this email was scanned|scanned by|die nachricht wurde von kaspersky|garanti sans virus|mail priva di virus|livre de vírus|без вирусов|\
     není přítomen virus|wolny od wirusów|p please consider the environment|please think before you print|\
     please think before printing|confidentiality note|aviso legal|aviso de confidencialidad|avviso di riservatezza|\
     informationen zum datenschutz|hinweise zum datenschutz|registered in england|registered office|\
     sitz der gesellschaft|to unsubscribe from this|to unsubscribe from the|to unsubscribe, |an html attachment was scrubbed|\
     a non-text attachment was scrubbed|next part ---|non-text portions of this message have been removed|\
     this message was sent using imp|powered by zendesk",
    ))
});

/// Found wherever one of [`DISCLAIMER_WORDS`] is: a part of each that begins with letters rarely met together, so that one
/// search passes over other text without a stop.
pub(crate) static DISCLAIMER_WORD: LazyLock<Regex> = LazyLock::new(|| {
    any_of(
        "fidenti|fidenc|vileged|recipien|d solely|sclosu|hibited|nauthori|elete this|fy the se|s e-mail|s email|s messag|\
         y attachm|ved this|n error|sclaimer|virus|traulich|pfänger|befugte|rtümlich|rnichten|e e-mail|e nachric|\
         gestattet|stinat|e messag|r erreur|es jointe|e mensaj|r error|a mensag|riservat|o messag|rouwelij|adressee|\
         t bericht|rtrolig|dtagere|ttagare|ttakere|mejlet|misstag|n fejl|poufn|dresata|wiadomo|rzeznacz|нфиденц|дресат|\
         стоящее|důvěrn|bizalm|nvironment|d bestemd|u bestemd|rnietig|dresát|omylem|tato zpráv|tuto zpráv|ошибке|далите|\
         анное сооб|ta meddelan|ndast avs|radera|niejsza wiad|omyłk|engano|apague|gizli|yanlışl|bu e-post|bu ileti|ttamuks|\
         taanott|vahingoss|erehdyks|címzett|tévedés|dențial|din eroare|фіденц|омилков",
    )
});

/// Openings of warnings that a mail gateway puts on top, without the brackets and signs before them.
pub(crate) static BANNERS: LazyLock<Beginnings> = LazyLock::new(|| {
    Beginnings::new(list(
        "caution: this email|caution: external|caution: this message|caution:external|external email|external sender|external:|\
     external]|external email]|this email originated from outside|this message originated from outside|\
     this email originated outside|this message was sent from outside|this is an external email|warning: this email|\
     warning: external|exercise caution|attention: this email|attention: external|you don't often get email from|\
     you don’t often get email from|some people who received this message don't often get|\
     some people who received this message don’t often get|this message is from an external sender|\
     this message is from an untrusted sender|this message is from an unknown sender|zjqcmqryfpfptbannerstart|zjqcmqryfpfptbannerend|\
     achtung: externe|achtung: diese e-mail|externe e-mail|vorsicht: diese e-mail|vorsicht: externe|\
     sie erhalten nicht oft e-mails von|sie erhalten nicht oft eine e-mail von|sie erhalten nicht häufig e-mails|\
     einige personen, die diese nachricht erhalten haben|attention : ce|attention: ce message provient|\
     vous n’obtenez pas souvent|vous ne recevez pas souvent de courriers|\
     certaines personnes qui ont reçu ce message|no suele recibir correo|no suele recibir correos|\
     algunas personas que han recibido este mensaje|u ontvangt niet vaak|sommige personen die dit bericht|\
     non si ricevono spesso messaggi|você não costuma receber emails|algumas pessoas que receberam esta mensagem|\
     não recebe frequentemente|du får inte ofta e-post från|du får ikke ofte mails fra|du får ikke ofte e-post fra|\
     nie otrzymujesz często wiadomości|вы нечасто получаете письма|некоторые получатели этого сообщения|\
     e-maily z adresy|saat harvoin sähköpostia|一部の人は",
    ))
});

/// First words of warnings that go on in words of their administrator's own.
pub(crate) static BANNER_CALLS: LazyLock<Beginnings> = LazyLock::new(|| {
    Beginnings::new(list(
        "caution|warning|attention|notice|external|this email|this e-mail|this message|achtung|vorsicht|warnung|hinweis|extern|\
     diese e-mail|diese mail|diese nachricht|avertissement|prudence|cet e-mail|cet email|ce courriel|ce message|\
     precaución|atención|advertencia|aviso|cuidado|este correo|este mensaje|atenção|este e-mail|este email|\
     esta mensagem|attenzione|avviso|questa e-mail|questa email|questo messaggio|let op|waarschuwing|pas op|\
     deze e-mail|deze mail|dit bericht|obs|varning|varsamhet|detta mejl|detta e-post|advarsel|denne e-mail|\
     denne mail|denne e-post|merk|varoitus|huomio|tämä viesti|uwaga|ostrzeżenie|ta wiadomość|upozornění|pozor|\
     tento e-mail|tato zpráva|upozornenie|figyelem|ez az e-mail|atenție|внимание|осторожно|это письмо|увага|\
     dikkat|uyarı|bu e-posta|注意|警告|【注意】|【警告】|【外部】|外部",
    ))
});

/// What such a warning says about where the mail came from.
pub(crate) static BANNER_ORIGIN: LazyLock<Regex> = LazyLock::new(|| {
    any_of(
        "outside of the organi|outside the organi|outside of your organi|outside your organi|outside of our organi|\
     outside our organi|outside of the company|outside the company|outside our company|outside of our network|\
     external sender|external source|external email|außerhalb der organisation|außerhalb unserer|außerhalb ihrer|\
     außerhalb des unternehmens|außerhalb der firma|externen absender|l'extérieur de l|l’extérieur de l|\
     l'extérieur de v|l’extérieur de v|expéditeur externe|fuera de la organi|fuera de su organi|fuera de la empresa|\
     remitente externo|fora da organi|fora da empresa|remetente externo|esterno dell'organi|esterno dell’organi|\
     esterno all'organi|esterno dell'azienda|mittente esterno|buiten de organi|buiten onze organi|externe afzender|\
     extern avsändare|utanför organi|ekstern afsender|uden for organi|ekstern avsender|utenfor organi|\
     organisaation ulkopuol|spoza organizacji|spoza firmy|nadawcy zewnętrzn|zewnętrznego nadawcy|mimo organizac|\
     externího odesílatele|mimo organizáci|szervezeten kívül|külső feladó|afara organiza|извне организации|\
     внешнего отправителя|ззовні|зовнішнього відправника|kuruluşunuzun dışından|kurum dışından|外部|組織外",
    )
});

/// What such a warning asks its reader, as no sender asks a help desk.
pub(crate) static BANNER_ADVICE: LazyLock<Regex> = LazyLock::new(|| {
    any_of(
        "do not click|do not open|don't click|don't open|don’t click|don’t open|not to click|not to open|use caution|exercise caution|be cautious|be careful|unless you|verify the sender|previously corresponded|\
     klicken sie nicht|nicht auf links|keine links|öffnen sie keine|keine anhänge|nicht öffnen|seien sie vorsichtig|\
     ne cliquez pas|n'ouvrez pas|n’ouvrez pas|ne pas cliquer|ne pas ouvrir|ni n'ouvrez|soyez prudent|soyez vigilant|\
     no haga clic|no abra|ni haga clic|ni abra|no pulse|não clique|não abra|nem abra|non cliccare|non fare clic|\
     non aprire|klik niet|niet op links|open geen|klicka inte|öppna inte|klik ikke|åbn ikke|ikke klikk|ikke åpne|\
     klikk ikke|åpne ikke|älä avaa|älä klikkaa|älä napsauta|nie klikaj|nie otwieraj|zachowaj ostrożność|neklikejte|\
     neotevírejte|neklikajte|neotvárajte|ne kattintson|ne nyissa|nu faceți clic|nu deschideți|не переходите|\
     не открывайте|не нажимайте|будьте осторожны|не переходьте|не відкривайте|не натискайте|tıklamayın|açmayın|\
     クリックしない|開かない|ご注意|请勿点击|不要点击|请勿打开|不要打开|請勿點|請勿開",
    )
});

/// All closings, for looking one up.
pub(crate) static CLOSING_SET: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| CLOSINGS.iter().chain(CLOSINGS_MORE.iter()).copied().collect());

/// What closings and thanks begin with.
pub(crate) static CLOSING_BEGINNINGS: LazyLock<Beginnings<2>> =
    LazyLock::new(|| Beginnings::new(CLOSING_SET.iter().chain(THANKS.iter()).copied().collect()));

/// Prefixes of the subject of a forward, lower case, without colon.
pub(crate) static FORWARD_PREFIXES: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    list("fwd|fw|wg|tr|rv|enc|i|vs|vb|vl|pd|tov|továbbítás|ilt|i̇lt|fs|ff|doorst|転送|转发|轉寄|전달|přeposlání|reenv|transf|пересл|spr|red|edast|vds|fyi")
        .into_iter()
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_of_a_notice_is_found_by_its_rare_part() {
        for word in DISCLAIMER_WORDS.iter() {
            assert!(DISCLAIMER_WORD.is_match(word), "{word}");
        }
    }
}
