//! `format=flowed` (RFC 3676): lines that end in a space go on in the next line of the same quote depth.

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
        check(" >stuffed\n From\n", false, ">stuffed\nFrom\n");
        check("bye \n-- \nme\n", false, "bye \n-- \nme\n");
        check("", false, "");
    }
}
