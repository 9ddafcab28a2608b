//! Files written into the text itself by programs older than MIME: `begin 644 name` … `end`.

use std::ops::Range;

use crate::limits;

/// One file within a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Declared name, unsafe as it is.
    pub name: String,
    /// Its bytes.
    pub data: Vec<u8>,
    /// Where it stands in the text, from `begin` to behind `end`.
    pub place: Range<usize>,
}

/// Finds the files in a text, at most [`limits::TNEF_FILES_MAX`]. A block is one only if each of its lines is.
#[must_use]
pub fn files(text: &[u8]) -> Vec<File> {
    let mut out = Vec::new();
    if memchr::memmem::find(text, b"begin ").is_none() {
        return out;
    }
    let mut position = 0;
    while position < text.len() && out.len() < limits::TNEF_FILES_MAX {
        let (line, next) = crate::header::line_at(text, position);
        if let Some(name) = begins(line)
            && let Some((data, end)) = block(text, next)
        {
            out.push(File { name: String::from_utf8_lossy(name).into_owned(), data, place: position..end });
            position = end;
            continue;
        }
        position = next;
    }
    out
}

/// The text without the files found in it.
#[must_use]
pub fn without<'a>(text: &'a [u8], files: &[File]) -> std::borrow::Cow<'a, [u8]> {
    if files.is_empty() {
        return text.into();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut start = 0;
    for file in files {
        out.extend_from_slice(&text[start..file.place.start]);
        start = file.place.end;
    }
    out.extend_from_slice(&text[start..]);
    out.into()
}

/// The file name of a line `begin 644 name`.
fn begins(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"begin ")?.trim_ascii();
    let digits = rest.iter().take_while(|byte| (b'0'..=b'7').contains(byte)).count();
    let name = rest.get(digits..)?.trim_ascii();
    ((3..=4).contains(&digits) && rest.get(digits) == Some(&b' ') && !name.is_empty()).then_some(name)
}

/// Reads up to `end`; `None` where a line is no line of such a file.
fn block(text: &[u8], start: usize) -> Option<(Vec<u8>, usize)> {
    let mut data = Vec::new();
    let mut position = start;
    while position < text.len() {
        let (line, next) = crate::header::line_at(text, position);
        position = next;
        if line.trim_ascii() == b"end" {
            return Some((data, position));
        }
        push_line(&mut data, line)?;
    }
    None
}

fn push_line(data: &mut Vec<u8>, line: &[u8]) -> Option<()> {
    let Some((&first, letters)) = line.split_first() else { return Some(()) };
    let length = usize::from(first.checked_sub(b' ')? & 63);
    let letters_needed = length.div_ceil(3) * 4;
    // Spaces at the end may be lost, a check sum may be added.
    let fits = letters.len() <= letters_needed + 4 && letters.iter().all(|byte| (b' '..=b'`').contains(byte));
    if !fits {
        return None;
    }
    let start = data.len();
    for group in letters.chunks(4) {
        let value = |index: usize| u32::from(group.get(index).copied().unwrap_or(b' ').wrapping_sub(b' ') & 63);
        let word = value(0) << 18 | value(1) << 12 | value(2) << 6 | value(3);
        data.extend_from_slice(&word.to_be_bytes()[1..]);
    }
    data.resize(start + length, 0);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_taken_out_of_a_text() {
        let text = b"Hello\nbegin 644 cat.txt\n#0V%T\n`\nend\nbye\n";
        let found = files(text);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].data.as_slice()), ("cat.txt", &b"Cat"[..]));
        assert_eq!(without(text, &found).as_ref(), b"Hello\nbye\n");
    }

    #[test]
    fn words_that_look_like_one_stay_text() {
        for text in [
            &b"begin 644 words\nwe start here\nend\n"[..],
            b"begin the day\nend\n",
            b"begin 644 open\n#0V%T\n",
            b"begin 644\nend\n",
        ] {
            assert_eq!(files(text), []);
        }
    }
}
