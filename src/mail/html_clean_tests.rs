use proptest::prelude::*;

use super::*;

fn check(html: &str, text: &str, expect: &str) {
    let clean = new_words(html, text, &[], &[]).map(|clean| clean.html.trim().to_owned());
    assert_eq!(clean.as_deref(), Ok(expect), "{html}");
}

fn refuses(html: &str, text: &str, why: Unusable) {
    assert_eq!(new_words(html, text, &[], &[]), Err(why), "{html}");
}

#[test]
fn formatting_is_kept_and_looks_are_not() {
    check(
        "<div dir=ltr class=x id=y style='color:red'>It is <b style='font-size:30pt'>done</b>, <font color=red>see</font> \
         <a href='https://x.example/a' onclick=x data-saferedirecturl=y>here</a>.</div>",
        "It is *done*, see here\n<https://x.example/a>.",
        "<div>It is <b>done</b>, see <a href=\"https://x.example/a\">here</a>.</div>",
    );
    check("<ul><li>a<li><i>b</i></ul>", "- a\n- /b/", "<ul><li>a</li>\n<li><i>b</i></li>\n</ul>");
    check("<p>a<a href='javascript:x'>b</a> <a href='data:x'>c</a></p>", "ab c", "<p>ab c</p>");
    check("<pre>a\n  b</pre>", "a\n  b", "<pre>a\n  b</pre>");
    check("a<br><br>b", "a\n\nb", "a<br>\n<br>\nb");
}

#[test]
fn only_the_wanted_part_is_taken() {
    let html = "<div>Yes.</div><div class=gmail_quote><div class=gmail_attr>On x wrote:</div><blockquote>Yes.</blockquote></div>";
    check(html, "Yes.", "<div>Yes.</div>");
    check("<p>#close</p><p>Yes.</p><p>Old</p>", "Yes.", "<p>Yes.</p>");
    let clean = new_words("#close<br>Yes.<br>No.", "#close\nYes.\nNo.", &["#close"], &[]).expect("found");
    assert_eq!(clean.html, "Yes.<br>\nNo.");
    check("<ol><li>a</li><li>b</li><li>c</li></ol>", "2. b\n3. c", "<ol start=\"2\"><li>b</li>\n<li>c</li>\n</ol>");
    check("<div>a</div>x<div>b</div>", "a\n\nb", "<div>a</div>\n<div>b</div>");
    check("a<br>x<br>b", "a\n\nb", "a<br>\nb");
}

#[test]
fn words_that_are_not_all_there_make_no_html() {
    refuses("<p>Yes, really.</p>", "Yes.", Unusable::Differs);
    refuses("<p>Yes.</p>", "Yes, really.", Unusable::Differs);
    refuses("<p>a</p><p>b</p>", "b\n\na", Unusable::Differs);
}

#[test]
fn hidden_text_does_not_pass() {
    check("<p>Yes.<span style='display:none'>secret</span></p>", "Yes.", "<p>Yes.</p>");
    check("<p>Yes.<font color=white>secret</font><!-- secret --></p>", "Yes.", "<p>Yes.</p>");
    check("<p>Yes.<![if !mso]><![endif]><!--[if mso]>secret<![endif]--></p>", "Yes.", "<p>Yes.</p>");
    refuses("<p>Yes.<span style='font-size:0'>secret</span></p>", "Yes.secret", Unusable::Hidden);
}

#[test]
fn images_of_the_mail_are_shown_and_no_others() {
    let html = "<p>See:<img src='cid:a1@x' width=4><img src='https://t.example/p.gif'></p><p>Maya<img src='cid:logo'></p>";
    let clean = new_words(html, "See: [cid:a1@x]", &[], &["a1@x", "logo"]).expect("found");
    assert_eq!(clean.html.trim(), "<p>See:<img src=\"cid:a1@x\" alt=\"\"></p>");
    assert_eq!(clean.content_ids, ["a1@x"]);
    assert_eq!(new_words(html, "See:", &[], &[]).expect("found").content_ids, Vec::<String>::new());
    assert_eq!(new_words("<img src='cid:a1@x'>", "", &[], &["a1@x"]).expect("found").content_ids, ["a1@x"]);
}

/// Tags and attributes of a text, read by the tokenizer that browsers agree with.
fn outside_the_list(html: &str) -> Option<String> {
    use html5gum::{Token, Tokenizer};
    let mut open: Vec<String> = Vec::new();
    for Ok(token) in Tokenizer::new(html) {
        match token {
            Token::StartTag(tag) => {
                let name = String::from_utf8_lossy(&tag.name).into_owned();
                if !ELEMENTS.contains(&name.as_str()) {
                    return Some(name);
                }
                for (attribute, value) in &tag.attributes {
                    let value = String::from_utf8_lossy(value).to_lowercase();
                    let is_good = match (name.as_str(), attribute.as_slice()) {
                        ("a", b"href") => ["http://", "https://", "mailto:"].iter().any(|scheme| value.starts_with(scheme)),
                        ("ol", b"start") => value.bytes().all(|byte| byte.is_ascii_digit()),
                        ("img", b"src") => value.starts_with("cid:"),
                        ("img", b"alt") => value.is_empty(),
                        _ => false,
                    };
                    if !is_good {
                        return Some(format!("{name} {}={value}", String::from_utf8_lossy(attribute)));
                    }
                }
                if !matches!(name.as_str(), "br" | "hr" | "img") {
                    open.push(name);
                }
            }
            Token::EndTag(tag) => {
                if open.pop().as_deref() != Some(&*String::from_utf8_lossy(&tag.name)) {
                    return Some(format!("/{}", String::from_utf8_lossy(&tag.name)));
                }
            }
            Token::String(_) => {}
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => return Some("a comment".to_owned()),
        }
    }
    open.pop()
}

/// Some of everything that clients and attackers write.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z0-9 &;<>\"'=.]{0,12}",
        8 => prop::sample::select(vec![
            "<p>", "</p>", "<div class=gmail_quote>", "<div>", "</div>", "<br>", "<b>", "</b>", "<i style='display:none'>", "</i>",
            "<a href='https://x.example/a'>", "<a href=javascript:x>", "</a>", "<ul>", "<ol start=4>", "</ol>", "</ul>", "<li>",
            "<blockquote type=cite>", "</blockquote>", "<pre>", "\n", "</pre>", "<table>", "<tr>", "<td>", "</td>", "</tr>", "</table>",
            "<img src=cid:a@b>", "<img src='https://x.example/t.gif'>", "<script>", "</script>", "<style>", "</style>", "<!--", "-->",
            "<span style='font-size:0'>", "</span>", "<font color=white>", "</font>", "<o:p>", "</o:p>", "<hr>", "<h5>", "</h5>",
            "hello", " world", "&lt;b&gt;", "&nbsp;", "<title>", "</title>", "<dana@x.example>", "#close", "<template>", "<svg onload=x>",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_comes_out_is_listed_and_says_what_was_wanted(html in soup(), pick in any::<prop::sample::Index>(), length in 1_usize..6) {
        let text = html::to_text(&html).text;
        let lines: Vec<&str> = text.lines().collect();
        let wanted = if lines.is_empty() {
            String::new()
        } else {
            let first = pick.index(lines.len());
            lines[first..lines.len().min(first + length)].join("\n")
        };
        if let Ok(clean) = new_words(&html, &wanted, &["#close"], &["a@b"]) {
            prop_assert_eq!(outside_the_list(&clean.html), None, "{}", clean.html);
            let words = wanted.lines().filter(|line| line.trim() != "#close").collect::<Vec<_>>().join("\n");
            let said = letters(&html::to_text(&clean.html.replace("https://x.example/a", "https://x.example/0")).text);
            let plain = letters(&without_addresses(&words, &html_piece::pieces(&html)));
            let said = said.replace("httpsxexample0", "");
            let meant = [plain.clone(), letters(&words)].map(|meant| meant.replace("httpsxexamplea", ""));
            prop_assert!(meant.contains(&said), "{:?} says {:?}, wanted {:?}", clean.html, said, words);
        }
    }

    #[test]
    fn any_input_is_survived(html in any::<String>(), wanted in any::<String>()) {
        if let Ok(clean) = new_words(&html, &wanted, &[], &[]) {
            prop_assert_eq!(outside_the_list(&clean.html), None, "{}", clean.html);
        }
    }
}

#[test]
fn nesting_costs_no_more_than_length() {
    let deep = format!("{}x{}", "<div>".repeat(100_000), "</div>".repeat(100_000));
    assert!(new_words(&deep, "x", &[], &[]).is_ok());
    let many = "<p>x".repeat(100_000);
    assert!(new_words(&many, "y", &[], &[]).is_err());
}
