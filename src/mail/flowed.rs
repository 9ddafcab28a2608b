//! `format=flowed` (RFC 3676): lines that end in a space go on in the next line of the same quote depth.

/// Stands before a sign that was stuffed, and so is no quote mark (§4.5), until the text has been cut: a space that no
/// program writes before its quotes.
const NO_QUOTE: char = '\u{2002}';

/// Joins flowed lines. `delete_space` is the DelSp parameter: the space at the break is no part of the text.
#[must_use]
pub fn unfold(text: &str, delete_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.split('\n') {
        let depth = line.bytes().take_while(|&byte| byte == b'>').count();
        let rest = &line[depth..];
        // §4.4: one leading space was stuffed.
        let content = rest.strip_prefix(' ').unwrap_or(rest);
        if open != Some(depth) || content == "-- " {
            if open.is_some() {
                out.push('\n');
            }
            if depth > 0 {
                out.extend(std::iter::repeat_n('>', depth));
                if !content.is_empty() {
                    out.push(' ');
                }
            } else if content.starts_with('>') && !content.starts_with(">From ") && !introduces_quote(&out) {
                out.push(NO_QUOTE);
            }
        }
        // §4.3: the signature separator is never flowed.
        if content.ends_with(' ') && content != "-- " {
            out.push_str(if delete_space { &content[..content.len() - 1] } else { content });
            open = Some(depth);
        } else {
            out.push_str(content);
            out.push('\n');
            open = None;
        }
    }
    // `split` sees one line more than there are line ends.
    if out.ends_with('\n') {
        out.pop();
    }
    out
}

/// Whether signs stand in an unfolded text that are no quote marks.
pub(crate) fn has_stuffed_signs(text: &str) -> bool {
    text.contains("\u{2002}>")
}

/// Takes away what told the cut so.
pub(crate) fn unmark(text: &mut String) {
    if has_stuffed_signs(text) {
        *text = text.replace("\u{2002}>", ">");
    }
}

/// Whether the last lines say who wrote what when, or are quotes. Some programs stuff the lines that they quote.
fn introduces_quote(text: &str) -> bool {
    let text = text.trim_end();
    let mut lines = text.rsplit('\n');
    let (last, above) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let names_somebody = |line: &str| line.contains(|c: char| c == '@' || c.is_numeric());
    last.starts_with('>') || last.ends_with([':', '：']) && (names_somebody(last) || names_somebody(above))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, delete_space: bool, expect: &str) {
        assert_eq!(unfold(text, delete_space), expect);
    }

    #[test]
    fn flowed_lines_are_joined_within_their_depth() {
        check("one \ntwo\nthree\n", false, "one two\nthree\n");
        check("one \ntwo", true, "onetwo");
        check("> a \n> b\n>> c \nd\n", false, "> a b\n>> c \nd\n");
        check(" From\n >From x\n", false, "From\n>From x\n");
        check("bye \n-- \nme\n", false, "bye \n-- \nme\n");
        check("", false, "");
    }

    #[test]
    fn a_stuffed_sign_is_no_quote_mark() {
        check("These carry\n\n >30 kg\n >5 kg and \n >1 g\n", false, "These carry\n\n\u{2002}>30 kg\n\u{2002}>5 kg and >1 g\n");
        check(
            "On May 6, Bob <bob@x.example>\nwrote:\n > Is\n > it?\n",
            false,
            "On May 6, Bob <bob@x.example>\nwrote:\n> Is\n> it?\n",
        );
    }
}
