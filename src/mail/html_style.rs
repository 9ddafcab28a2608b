//! Inline styles as far as they decide whether a reader sees a text: sizes, places, colours.

use crate::html_element::Element;

/// Longer styles are data.
const STYLE_BYTES_MAX: usize = 4096;

/// The style of the tag being read.
#[derive(Default)]
pub(crate) struct Style {
    selected: Selected,
    rules: String,
    color: Option<u32>,
    background: Option<u32>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Selected {
    #[default]
    None,
    Style,
    Color,
    Background,
}

/// Colours as a text inherits them, `0xrrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    color: u32,
    background: u32,
}

impl Default for Look {
    fn default() -> Self {
        Self { color: 0x00_00_00, background: WHITE }
    }
}

impl Look {
    /// The text has nearly the colour of what is behind it.
    pub(crate) fn is_faint(self) -> bool {
        let parts = |color: u32| [(color >> 16) & 0xff, (color >> 8) & 0xff, color & 0xff];
        let differences = parts(self.color).into_iter().zip(parts(self.background)).map(|(one, other)| one.abs_diff(other));
        differences.sum::<u32>() < DIFFERENCE_MIN
    }
}

const WHITE: u32 = 0xff_ff_ff;
/// Summed over red, green and blue; a light grey on white, which people can still read, differs by 100 and more.
const DIFFERENCE_MIN: u32 = 48;

impl Style {
    pub(crate) fn clear(&mut self) {
        self.selected = Selected::None;
        self.rules.clear();
        self.color = None;
        self.background = None;
    }

    pub(crate) fn select(&mut self, name: &[u8]) {
        self.selected = match name {
            b"style" => Selected::Style,
            b"color" | b"text" => Selected::Color,
            b"bgcolor" => Selected::Background,
            _ => Selected::None,
        };
    }

    pub(crate) fn set(&mut self, value: &[u8]) {
        let value = String::from_utf8_lossy(&value[..value.len().min(STYLE_BYTES_MAX)]);
        match std::mem::take(&mut self.selected) {
            Selected::None => {}
            Selected::Style => self.rules.extend(value.chars().map(|c| c.to_ascii_lowercase())),
            Selected::Color => self.color = color(&value.to_ascii_lowercase()),
            Selected::Background => self.background = color(&value.to_ascii_lowercase()),
        }
    }

    /// Hidden by its own style: nothing, or nothing that a person would see.
    pub(crate) fn hides(&self, element: Element) -> bool {
        // Newsletters set tables to no font size and their texts to a real one again.
        let is_table_part = matches!(element, Element::Table | Element::Row | Element::Cell);
        self.rules().any(|(name, value)| match name {
            "display" => value == "none",
            "visibility" => matches!(value, "hidden" | "collapse"),
            "mso-hide" => value == "all",
            "opacity" => number(value).is_some_and(|number| number < 0.1),
            "font-size" => !is_table_part && !value.contains('%') && number(value).is_some_and(|number| number < SIZE_MIN),
            "text-indent" | "left" | "top" | "margin-left" => number(value).is_some_and(|number| number <= -500.0),
            "max-height" | "max-width" => number(value).is_some_and(|number| number <= 0.0),
            "height" | "width" => number(value).is_some_and(|number| number <= 0.0) && self.has("overflow", "hidden"),
            "color" => value == "transparent",
            _ => false,
        })
    }

    /// The colours of the element's text within those around it.
    pub(crate) fn look(&self, outer: Look) -> Look {
        let mut look = Look { color: self.color.unwrap_or(outer.color), background: self.background.unwrap_or(outer.background) };
        for (name, value) in self.rules() {
            match name {
                "color" => look.color = color(value).unwrap_or(look.color),
                "background" | "background-color" => {
                    let mut words = value.split(' ');
                    look.background = color(value).or_else(|| words.find_map(color)).unwrap_or(look.background);
                }
                _ => {}
            }
        }
        look
    }

    fn rules(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rules.split(';').filter_map(|rule| {
            let (name, value) = rule.split_once(':')?;
            Some((name.trim(), value.trim().trim_end_matches("!important").trim_end()))
        })
    }

    fn has(&self, name: &str, value: &str) -> bool {
        self.rules().any(|rule| rule == (name, value))
    }
}

/// Pixels or points; nobody reads smaller letters.
const SIZE_MIN: f64 = 2.0;

/// The number that a length begins with. A relative one (`em`) counts as pixels from 10 on.
fn number(value: &str) -> Option<f64> {
    let end = value.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(value.len());
    let number: f64 = value[..end].parse().ok()?;
    Some(if value[end..].starts_with("em") || value[end..].starts_with("rem") { number * 16.0 } else { number })
}

/// `#fff`, `#ffffff`, `rgb(255, 255, 255)`, `white`, `black`. Other names are far from both.
fn color(value: &str) -> Option<u32> {
    let value = value.trim();
    if let Some(hex) = value.strip_prefix('#') {
        let number = u32::from_str_radix(hex, 16).ok()?;
        return match hex.len() {
            6 => Some(number),
            3 => {
                Some([number >> 8, (number >> 4) & 0xf, number & 0xf].into_iter().fold(0, |all, part| (all << 8) | (part * 0x11)))
            }
            _ => None,
        };
    }
    if let Some(parts) = value.strip_prefix("rgb(").or_else(|| value.strip_prefix("rgba(")) {
        let numbers = parts.trim_end_matches(')').split([',', ' ', '/']).filter(|part| !part.is_empty());
        let bytes: Vec<u32> = numbers.take(3).filter_map(|part| part.parse().ok()).filter(|part| *part <= 255).collect();
        return (bytes.len() == 3).then(|| bytes.iter().fold(0, |all, part| (all << 8) | part));
    }
    match value {
        "white" | "window" | "snow" | "ivory" | "ghostwhite" => Some(WHITE),
        "black" | "windowtext" => Some(0),
        "whitesmoke" => Some(0xf5_f5_f5),
        "red" => Some(0xff_00_00),
        "blue" => Some(0x00_00_ff),
        "green" => Some(0x00_80_00),
        "gray" | "grey" => Some(0x80_80_80),
        "yellow" => Some(0xff_ff_00),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(rules: &str) -> Style {
        let mut style = Style::default();
        style.select(b"style");
        style.set(rules.as_bytes());
        style
    }

    #[test]
    fn what_nobody_sees_is_hidden() {
        for rules in ["display: none", "font-size:1px", "font-size: 0.05em", "opacity:0", "text-indent:-9999px", "max-height:0px"]
        {
            assert!(style(rules).hides(Element::Span), "{rules}");
        }
        for rules in ["font-size:11pt", "font-size:1em", "font-size:100%", "opacity:1", "text-indent:-18.0pt", "width:0"] {
            assert!(!style(rules).hides(Element::Span), "{rules}");
        }
    }

    #[test]
    fn a_text_in_the_colour_of_its_background_is_faint() {
        for rules in ["color:#fff", "color:rgb(255, 255, 255)", "color:white;background:#fefefe", "color:#000;background:black"] {
            assert!(style(rules).look(Look::default()).is_faint(), "{rules}");
        }
        for rules in ["color:#1f497d", "color:#ccc", "color:white;background-color:#000", "color:windowtext", "color:inherit"] {
            assert!(!style(rules).look(Look::default()).is_faint(), "{rules}");
        }
    }
}
