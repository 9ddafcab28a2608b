//! Code pages of DOS that neither decoder at hand knows: 437 of western and 852 of central Europe.

/// The upper half of code page 437.
const CP437: &str = concat!(
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ",
    "áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐",
    "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀",
    "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
);

/// The upper half of code page 852.
const CP852: &str = concat!(
    "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×č",
    "áíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐",
    "└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀",
    "ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}",
);

/// Reads code page 437.
pub(crate) fn cp437(bytes: &[u8]) -> String {
    decode(bytes, CP437)
}

/// Reads code page 852.
pub(crate) fn cp852(bytes: &[u8]) -> String {
    decode(bytes, CP852)
}

fn decode(bytes: &[u8], upper_half: &str) -> String {
    let upper: Vec<char> = upper_half.chars().collect();
    let character = |byte: &u8| if *byte < 0x80 { char::from(*byte) } else { upper[usize::from(*byte - 0x80)] };
    bytes.iter().map(character).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_are_whole() {
        assert_eq!((CP437.chars().count(), CP852.chars().count()), (128, 128));
        assert_eq!(cp437(b"Gr\x81\xe1e"), "Grüße");
        assert_eq!(cp852(b"P\xfd\xa1li\xe7"), "Příliš");
    }
}
