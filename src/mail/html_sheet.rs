//! Style sheets as far as they hide text: rules for one class or one id, outside any condition, that no other rule takes
//! back. Newsletters hide so the line that inboxes preview.

/// Longer sheets are those of whole sites.
const SHEET_BYTES_MAX: usize = 64 * 1024;

/// A mail has one or two, and each is read together with those before.
const SHEETS_MAX: usize = 8;

/// Each element is compared with all of them.
const NAMES_MAX: usize = 32;

/// The sheets of a mail.
#[derive(Default)]
pub(crate) struct Sheet {
    source: String,
    /// How many have ended.
    count: usize,
    /// `.class` and `#id` that are not shown.
    hidden: Vec<String>,
}

impl Sheet {
    pub(crate) fn push(&mut self, source: &str) {
        if self.count < SHEETS_MAX && self.source.len() + source.len() <= SHEET_BYTES_MAX {
            self.source.push_str(source);
        }
    }

    /// Reads what was pushed, once the end of a sheet was seen.
    pub(crate) fn end(&mut self) {
        self.count += 1;
        if self.count <= SHEETS_MAX && self.source.contains("none") && self.source.contains("display") {
            self.hidden = hidden_names(&self.source);
        }
    }

    /// Whether an element is hidden; `style` is its own, without white space.
    pub(crate) fn hides(&self, class: &str, id: &str, style: &str) -> bool {
        let is_named = |name: &String| match name.split_at_checked(1) {
            Some((".", name)) => class.split_ascii_whitespace().any(|word| word == name),
            Some(("#", name)) => id == name,
            _ => false,
        };
        self.hidden.iter().any(is_named) && !style.contains("display:")
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.hidden.is_empty()
    }
}

fn hidden_names(source: &str) -> Vec<String> {
    let source = without_comments(source);
    let (mut hidden, mut shown) = (Vec::new(), Vec::new());
    let (mut conditions, mut rest) = (0_usize, source.as_str());
    while let Some(at) = rest.find(['{', '}']) {
        let (selectors, after) = (rest[..at].trim(), &rest[at + 1..]);
        rest = after;
        if source.as_bytes()[source.len() - after.len() - 1] == b'}' {
            conditions = conditions.saturating_sub(1);
            continue;
        }
        if selectors.starts_with('@') {
            conditions += 1;
            continue;
        }
        let end = rest.find('}').unwrap_or(rest.len());
        let is_hidden = displays_nothing(&rest[..end]);
        rest = rest.get(end + 1..).unwrap_or_default();
        let Some(is_hidden) = is_hidden else { continue };
        for selector in selectors.split(',').map(str::trim) {
            if !is_hidden {
                shown.extend(selector.split(|c: char| !is_name(c) && !matches!(c, '.' | '#')).map(str::to_owned));
            } else if conditions == 0 && is_simple(selector) && hidden.len() < NAMES_MAX {
                hidden.push(selector.to_owned());
            }
        }
    }
    hidden.retain(|name| !shown.iter().any(|shown| shown.contains(name.as_str())));
    hidden
}

/// Whether the last rule for `display` says so; `None` where there is none.
fn displays_nothing(rules: &str) -> Option<bool> {
    let mut values = rules.split(';').filter_map(|rule| {
        let (name, value) = rule.split_once(':')?;
        name.trim().eq_ignore_ascii_case("display").then_some(value)
    });
    values.next_back().map(|value| value.trim_start().get(..4).is_some_and(|value| value.eq_ignore_ascii_case("none")))
}

fn is_simple(selector: &str) -> bool {
    selector.strip_prefix(['.', '#']).is_some_and(|name| !name.is_empty() && name.chars().all(is_name))
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_')
}

/// Without comments, and without those of HTML around a sheet.
fn without_comments(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find("/*") {
        out.push_str(&rest[..start]);
        rest = rest[start + 2..].split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out.replace("<!--", "").replace("-->", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_hides_what_it_names_unless_another_shows_it() {
        #[track_caller]
        fn check(source: &str, expect: &[&str]) {
            assert_eq!(hidden_names(source), expect, "{source}");
        }
        check(".a{display:none !important} #b , p {color:red; DISPLAY : None}", &[".a", "#b"]);
        check("<!-- /* .c{display:none} */ .a { display: none } -->", &[".a"]);
        check("@media (max-width:600px) { .a{display:none} } .b{display:none}", &[".b"]);
        check(".a{display:none} @media (max-width:600px) { td.a {display:block!important} }", &[]);
        check("div .a{display:none} .a:hover{display:none} .b{display:inline} }{", &[]);
        check("@font-face{font-family:x} .a{display:none", &[".a"]);
    }
}
