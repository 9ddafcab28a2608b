//! Forwards by the clients that people use, in the languages that these speak: the fields of the original come out and
//! the text above it stays.
#![allow(missing_docs, unused_crate_dependencies)]

use mail::reply_cut::{CutInput, cut};

/// Labels of From, Subject, Date, To, as Apple Mail and Thunderbird write them, and of the date as Outlook does.
struct Labels {
    language: &'static str,
    from: &'static str,
    subject: &'static str,
    date: &'static str,
    to: &'static str,
    sent: &'static str,
    apple: &'static str,
    thunderbird: &'static str,
}

const fn labels(language: &'static str, names: [&'static str; 5], markers: [&'static str; 2]) -> Labels {
    let [from, subject, date, to, sent] = names;
    let [apple, thunderbird] = markers;
    Labels { language, from, subject, date, to, sent, apple, thunderbird }
}

const LABELS: [Labels; 25] = [
    labels("bg", ["От", "Тема", "Дата", "До", "Изпратено"], ["Начало на препратеното съобщение:", "Препратено съобщение"]),
    labels("cs", ["Od", "Předmět", "Datum", "Komu", "Odesláno"], ["Přeposlaná zpráva:", "Přeposlaná zpráva"]),
    labels("da", ["Fra", "Emne", "Dato", "Til", "Sendt"], ["Start på videresendt besked:", "Videresendt meddelelse"]),
    labels(
        "de",
        ["Von", "Betreff", "Datum", "An", "Gesendet"],
        ["Anfang der weitergeleiteten Nachricht:", "Weitergeleitete Nachricht"],
    ),
    labels("en", ["From", "Subject", "Date", "To", "Sent"], ["Begin forwarded message:", "Forwarded Message"]),
    labels("es", ["De", "Asunto", "Fecha", "Para", "Enviado"], ["Inicio del mensaje reenviado:", "Mensaje reenviado"]),
    labels("et", ["Saatja", "Teema", "Kuupäev", "Saaja", "Saadetud"], ["Edastatud kirja algus:", "Edastatud kiri"]),
    labels("fi", ["Lähettäjä", "Aihe", "Päiväys", "Vastaanottaja", "Lähetetty"], ["Välitetty viesti alkaa:", "Välitetty viesti"]),
    labels("fr", ["De", "Objet", "Date", "À", "Envoyé"], ["Début du message réexpédié :", "Message transféré"]),
    labels("hr", ["Šalje", "Predmet", "Datum", "Prima", "Poslano"], ["Započni proslijeđenu poruku:", "Proslijeđena poruka"]),
    labels("hu", ["Feladó", "Tárgy", "Dátum", "Címzett", "Elküldve"], ["Továbbított levél kezdete:", "Továbbított üzenet"]),
    labels("it", ["Da", "Oggetto", "Data", "A", "Inviato"], ["Inizio messaggio inoltrato:", "Messaggio Inoltrato"]),
    labels("ja", ["差出人", "件名", "日付", "宛先", "送信日時"], ["転送されたメッセージ:", "転送メッセージ"]),
    labels("ko", ["보낸 사람", "제목", "날짜", "받는 사람", "보낸 날짜"], ["전달된 메시지:", "전달된 메시지"]),
    labels("nb", ["Fra", "Emne", "Dato", "Til", "Sendt"], ["Videresendt melding:", "Videresendt melding"]),
    labels("nl", ["Van", "Onderwerp", "Datum", "Aan", "Verzonden"], ["Begin doorgestuurd bericht:", "Doorgestuurd bericht"]),
    labels(
        "pl",
        ["Od", "Temat", "Data", "Do", "Wysłano"],
        ["Początek przekazywanej wiadomości:", "Treść przekazanej wiadomości"],
    ),
    labels("pt", ["De", "Assunto", "Data", "Para", "Enviado"], ["Início da mensagem encaminhada:", "Mensagem reencaminhada"]),
    labels("ro", ["De la", "Subiect", "Dată", "Către", "Trimis"], ["Începe mesajul redirecționat:", "Mesaj redirecționat"]),
    labels(
        "ru",
        ["От", "Тема", "Дата", "Кому", "Отправлено"],
        ["Начало переадресованного сообщения:", "Перенаправленное сообщение"],
    ),
    labels("sk", ["Od", "Predmet", "Dátum", "Komu", "Odoslané"], ["Začiatok preposlanej správy:", "Preposlaná správa"]),
    labels("sv", ["Från", "Ämne", "Datum", "Till", "Skickat"], ["Vidarebefordrat mejl:", "Vidarebefordrat meddelande"]),
    labels("tr", ["Kimden", "Konu", "Tarih", "Kime", "Gönderildi"], ["İleti başlangıcı:", "İletilmiş İleti"]),
    labels("uk", ["Від", "Тема", "Дата", "Кому", "Надіслано"], ["Початок листа, що пересилається:", "Переслане повідомлення"]),
    labels("zh", ["发件人", "主题", "日期", "收件人", "发送时间"], ["开始转发的邮件:", "转发的邮件"]),
];

/// One mail of each client: name, separator, quote mark before each line, header lines.
fn mails(words: &Labels) -> Vec<(String, String)> {
    let Labels { from, subject, date, to, sent, .. } = words;
    let name = |client: &str| format!("{client} {}", words.language);
    let text = "Dear Dana,\n\nyour toner arrives on Friday.\n\nBob";
    let quoted: String = format!(
        "{from}: Bob Stone <bob@vendor.example>\n{subject}: Toner delivery\n{date}: 13.05.2024 16:01\n{to}: Dana <dana@customer.example>\n\n{text}"
    )
    .lines()
    .map(|line| format!("> {line}\n"))
    .collect();
    vec![
        (name("Apple Mail"), format!("Look at this.\n\n> {}\n> \n{quoted}", words.apple)),
        (name("Apple Mail, bare"), format!("Look at this.\n\n{}\n\n{quoted}", words.apple)),
        (
            name("Thunderbird"),
            format!(
                "Look at this.\n\n\n-------- {} --------\n{subject}: \tToner delivery\n{date}: \t13.05.2024 16:01\n{from}: \tBob Stone \
                 <bob@vendor.example>\n{to}: \tDana <dana@customer.example>\n\n\n\n{text}\n",
                words.thunderbird
            ),
        ),
        (
            name("Gmail"),
            format!(
                "Look at this.\n\n---------- {} ---------\n{from}: Bob Stone <bob@vendor.example>\n{date}: 13.05.2024 16:01\n{subject}: Toner \
                 delivery\n{to}: Dana <dana@customer.example>\n\n\n{text}\n",
                words.thunderbird
            ),
        ),
        (
            name("Outlook"),
            format!(
                "Look at this.\n\n________________________________\n{from}: Bob Stone <bob@vendor.example>\n{sent}: 13.05.2024 16:01\n{to}: Dana \
                 <dana@customer.example>\n{subject}: Toner delivery\n\n{text}\n"
            ),
        ),
        (
            name("Outlook, bold"),
            format!(
                "Look at this.\n\n*{from}\u{a0}:* Bob Stone <bob@vendor.example>\n*{sent}\u{a0}:* 13.05.2024 16:01\n*{to}\u{a0}:* Dana \
                 <dana@customer.example>\n*{subject}\u{a0}:* Toner delivery\n\n{text}\n"
            ),
        ),
    ]
}

#[test]
fn every_client_and_language_gives_up_the_original() {
    let mut failures = Vec::new();
    for words in &LABELS {
        for (name, text) in mails(words) {
            let reply = cut(&CutInput { text: &text, subject: "Fwd: Toner delivery", ..CutInput::default() });
            let forward = reply.forward.unwrap_or_default();
            let good = reply.new_text == "Look at this."
                && forward.from.as_deref() == Some("Bob Stone <bob@vendor.example>")
                && forward.to == ["Dana <dana@customer.example>"]
                && forward.subject.as_deref() == Some("Toner delivery")
                && forward.date.as_deref() == Some("13.05.2024 16:01")
                && forward.text == "Dear Dana,\n\nyour toner arrives on Friday.\n\nBob";
            if !good {
                failures.push(format!("{name}: {:?} {forward:?}", reply.new_text));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

/// The forward of a mail, and what is left as new text.
fn forwarded(text: &str) -> (mail::Forward, String) {
    let reply = cut(&CutInput { text, subject: "Fwd: Toner delivery", ..CutInput::default() });
    (reply.forward.expect("a forward"), reply.new_text)
}

const BLOCK: &str =
    "From: Bob Stone <bob@vendor.example>\nDate: 13.05.2024 16:01\nSubject: Toner delivery\nTo: Dana <dana@customer.example>\n\n";

#[test]
fn what_stands_below_the_end_of_a_forward_is_the_senders() {
    let (forward, new_text) = forwarded(&format!(
        "Look at this.\n\n----- Forwarded message from Bob Stone <bob@vendor.example> -----\n\n{BLOCK}It is late.\n\n----- End \
         forwarded message -----\n\nCan you ask him why?\n"
    ));
    assert_eq!((forward.text.as_str(), new_text.as_str()), ("It is late.", "Look at this.\n\nCan you ask him why?"));
    for (begin, end) in [
        ("------- Forwarded Message", "------- End of Forwarded Message"),
        ("-------- Пересылаемое сообщение --------", "-------- Конец пересылаемого сообщения --------"),
        ("----------  Forwarded Message  ----------", "-----------------------------------------"),
    ] {
        let (forward, new_text) = forwarded(&format!("Look at this.\n\n{begin}\n\n{BLOCK}It is late.\n\n{end}\n"));
        assert_eq!((forward.text.as_str(), new_text.as_str()), ("It is late.", "Look at this."), "{end}");
    }
}

#[test]
fn odd_blocks_are_read_all_the_same() {
    let check = |text: &str, from: &str, to: &[&str]| {
        let (forward, new_text) = forwarded(text);
        assert_eq!(
            (new_text.as_str(), forward.from.as_deref(), forward.to),
            ("Look.", Some(from), to.iter().map(|to| (*to).to_owned()).collect())
        );
        assert_eq!(forward.text, "It is late.\n\nBob", "{text}");
    };
    // A name in bold, and recipients wrapped between name and address.
    check(
        "Look.\n\n---------- Forwarded message ---------\nFrom: *Bob Stone* <bob@vendor.example>\nDate: 13.05.2024 16:01\nSubject: Toner\nTo: \
         Dana <dana@customer.example>, Ines\n<ines@customer.example>\n\n\nIt is late.\n\nBob",
        "Bob Stone <bob@vendor.example>",
        &["Dana <dana@customer.example>", "Ines <ines@customer.example>"],
    );
    // The text quoted, the block not.
    check(
        "Look.\n\n------- Forwarded Message -------\nFrom: Bob <bob@vendor.example>\nDate: On Monday, May 13th, 2024 at 4:01 PM\nSubject: \
         Toner\nTo: Dana <dana@customer.example>\n\n\n> It is late.\n>\n> Bob",
        "Bob <bob@vendor.example>",
        &["Dana <dana@customer.example>"],
    );
    // A block without colons.
    check(
        "Look.\n\n------ Forwarded Message ------\nFrom \"Bob\" <bob@vendor.example>\nTo \"Dana\" <dana@customer.example>\nDate 13/05/2024 \
         16:01:00\nSubject Toner\n\nIt is late.\n\nBob",
        "\"Bob\" <bob@vendor.example>",
        &["\"Dana\" <dana@customer.example>"],
    );
    // An introduction instead of a block.
    check(
        "Look.\n\n-------- Пересылаемое сообщение --------\n13.05.2024, 16:01, \"Bob\" <bob@vendor.example>:\n\nIt is late.\n\nBob\n\n-------- \
         Конец пересылаемого сообщения --------",
        "\"Bob\" <bob@vendor.example>",
        &[],
    );
}

#[test]
fn a_mail_that_is_attached_is_forwarded_where_the_mail_is_about_it() {
    let inner = "From: Bob Berg <bob@x.example>\r\nTo: ann@y.example, eve@y.example\r\nSubject: =?utf-8?Q?L=C3=A4mp?=\r\n\
                 Date: Mon, 24 Nov 2025 07:31:02 +0100\r\n\r\nIt is red.\r\n";
    let mail = |subject: &str, text: &str, count: usize| {
        let file = format!("--b\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n").repeat(count);
        let raw = format!(
            "From: ann@y.example\r\nSubject: {subject}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{text}\r\n{file}--b--\r\n"
        );
        mail::parse(raw.as_bytes()).message.reply
    };
    for (subject, text) in [("Fwd: Lamp", "Can you answer him?"), ("Lamp", "")] {
        let reply = mail(subject, text, 1);
        assert_eq!(reply.new_text, text);
        let forward = reply.forward.unwrap_or_default();
        assert_eq!(forward.from.as_deref(), Some("Bob Berg <bob@x.example>"), "{subject}");
        assert_eq!(forward.to, ["ann@y.example", "eve@y.example"]);
        assert_eq!((forward.subject.as_deref(), forward.text.as_str()), (Some("L\u{e4}mp"), "It is red."));
        assert_eq!(forward.date.as_deref(), Some("Mon, 24 Nov 2025 07:31:02 +0100"));
    }
    assert_eq!(mail("Lamp", "The mail of last week is attached.", 1).forward, None);
    assert_eq!(mail("Fwd: Lamp", "", 2).forward, None);
}
