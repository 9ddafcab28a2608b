//! The day on which an away notice says that somebody is back, as people of many languages write it.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, missing_docs, unused_crate_dependencies)]

/// Reads a notice sent on Tuesday, 14 May 2024.
fn return_on(text: &str) -> Option<String> {
    let raw = format!(
        "From: Dana <dana@acme.example>\r\nSubject: Automatic reply: Printer\r\nAuto-Submitted: auto-replied\r\n\
         Date: Tue, 14 May 2024 10:12:00 +0200\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    );
    let message = mail::parse(raw.as_bytes()).message;
    mail::machine::classify(&message, &mail::machine::Around::default()).return_on
}

#[test]
fn stated_returns_are_found() {
    let cases = [
        ("I am out of the office until 21 May 2024.", "2024-05-21"),
        ("I will be back on Monday, May 27th.", "2024-05-27"),
        ("I'm away from 13 May to 24 May and will return on 27 May.", "2024-05-27"),
        ("I am on leave returning 3 June 2024 with limited access to mail.", "2024-06-03"),
        ("Out of office 13/05/2024 - 31/05/2024.", "2024-05-31"),
        ("I am out of office through 2024-05-31.", "2024-05-31"),
        ("Back in the office: 03.06.2024", "2024-06-03"),
        ("Ich bin bis zum 24.05.2024 nicht im Büro.", "2024-05-24"),
        ("Ich bin vom 13.05. bis einschließlich 24.05. nicht erreichbar.", "2024-05-24"),
        ("Ab dem 27. Mai bin ich wieder erreichbar.", "2024-05-27"),
        ("Ich bin ab Montag, 27.05.2024, wieder für Sie da.", "2024-05-27"),
        ("Je suis absent du bureau jusqu'au 24 mai 2024 inclus.", "2024-05-24"),
        ("Je serai de retour le lundi 27 mai.", "2024-05-27"),
        ("Absent du 13 au 24 mai 2024.", "2024-05-24"),
        ("Estaré fuera de la oficina hasta el 24 de mayo de 2024.", "2024-05-24"),
        ("Me reincorporo el 27 de mayo.", "2024-05-27"),
        ("Sarò assente fino al 24 maggio 2024.", "2024-05-24"),
        ("Rientrerò in ufficio il 27 maggio.", "2024-05-27"),
        ("Estarei ausente até 24 de maio de 2024.", "2024-05-24"),
        ("Ik ben afwezig tot en met 24 mei 2024.", "2024-05-24"),
        ("Ik ben vanaf 27 mei weer bereikbaar.", "2024-05-27"),
        ("Jag är åter på kontoret den 27 maj.", "2024-05-27"),
        ("Jeg er tilbage på kontoret den 27. maj 2024.", "2024-05-27"),
        ("Jeg er tilbake 27. mai.", "2024-05-27"),
        ("Olen lomalla 24.5.2024 asti. Palaan töihin 27.5.2024.", "2024-05-27"),
        ("Jestem nieobecny do 24 maja 2024 r.", "2024-05-24"),
        ("Wracam do biura 27 maja.", "2024-05-27"),
        ("Jsem mimo kancelář do 24. května 2024.", "2024-05-24"),
        ("Budem späť 27. mája 2024.", "2024-05-27"),
        ("2024. május 24-ig nem vagyok elérhető.", "2024-05-24"),
        ("Sunt plecat până pe 24 mai 2024.", "2024-05-24"),
        ("Я в отпуске до 24 мая 2024 года.", "2024-05-24"),
        ("Вернусь 27 мая.", "2024-05-27"),
        ("Я у відпустці до 24 травня 2024.", "2024-05-24"),
        ("В отпуск съм до 24 май 2024 г.", "2024-05-24"),
        ("24 Mayıs 2024 tarihine kadar ofiste olmayacağım.", "2024-05-24"),
        ("Na dopustu sem do 24. 5. 2024.", "2024-05-24"),
        ("Odsutan sam do 24. svibnja 2024.", "2024-05-24"),
        ("Θα απουσιάζω έως 24 Μαΐου 2024.", "2024-05-24"),
        ("5月24日まで休暇をいただいております。", "2024-05-24"),
        ("5月13日から5月24日まで不在にしております。", "2024-05-24"),
        ("我将于5月27日返回办公室。", "2024-05-27"),
        ("5월 24일까지 휴가입니다.", "2024-05-24"),
        ("Olen puhkusel kuni 24. mai 2024.", "2024-05-24"),
        ("I am away next week and back 05/27/2024.", "2024-05-27"),
        ("I'll be out from Dec 23 till Jan 2.", "2025-01-02"),
    ];
    let misses: Vec<String> = cases
        .iter()
        .filter_map(|(text, wanted)| {
            let got = return_on(text);
            (got.as_deref() != Some(*wanted)).then(|| format!("{text}: {got:?}, not {wanted}"))
        })
        .collect();
    assert!(misses.is_empty(), "{}", misses.join("\n"));
}

#[test]
fn other_dates_are_no_return() {
    for text in [
        "We got your mail of 14 May 2024 and answer soon.",
        "Our office was opened on 3 June 1999.",
        "Your ticket 2024-0527 was registered.",
        "I left the company on 1 May 2024.",
        "Call 24.05.33 in urgent cases.",
        "Thank you for your message.",
    ] {
        assert_eq!(return_on(text), None, "{text}");
    }
}
