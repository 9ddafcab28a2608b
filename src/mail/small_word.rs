//! The small words of languages: one in three words of prose, and few of them are common elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::language::Detected;

/// Longest word compared. Letters beyond ASCII count two bytes and more.
const BYTES_MAX: usize = 16;
/// What one word is worth; languages that share it divide it.
const POINTS: u32 = 60;
/// One word in so many is a small word of the language, whole points counted.
const EVERY: usize = 6;
/// The next language has so many times fewer points, and is behind by some words of the language alone.
const LEAD: f64 = 1.2;
const AHEAD_MIN: u32 = 5 * POINTS / 2;

/// Languages (ISO 639-1) and their small words, lower case.
const LISTS: [(&str, &str); 31] = [
    (
        "en",
        "the and to of that for it you with have this not are be on please your but has from our been would could \
         when what were they their there about thanks any can if which how is was we my will i me in as at or so \
         by an hello dear",
    ),
    (
        "de",
        "der die das und ist nicht ich wir sie mit ein eine auf dem zu im von auch haben wird bitte einen wie bei \
         ihre den für des sich es ihnen noch aber kann wenn habe sind oder nach uns vielen dank guten mir werden \
         hallo leider",
    ),
    (
        "fr",
        "le la les et est de des du un une pour que qui dans ne pas je nous vous avec sur ce cette mais votre \
         plus être avez ont mon notre merci bonjour sont ou il au si bien été j'ai n'est c'est d'une",
    ),
    (
        "es",
        "el la los las y es de del un una para que no se con por en su lo como más pero mi me ya está hola \
         gracias tengo usted desde cuando hay al nos esta este puede favor buenos días le he muy o",
    ),
    (
        "it",
        "il la le e è di del della un una per che non si con su lo come più ma mi sono ho gli nel alla grazie \
         buongiorno questo questa anche ci vostro abbiamo da al dei o dal i a in se può",
    ),
    (
        "pt",
        "o a os as e é de do da um uma para que não se com por em no na mais mas meu minha está obrigado olá bom \
         dia você foi são ao pelo isso esta este tenho já como ou muito nos seu sua eu",
    ),
    (
        "nl",
        "de het een en is niet ik wij we u mijn met op van te dat die voor zijn er aan bij maar ook om als naar \
         heb kan deze dit wordt hebben uw kunt graag bedankt goedemorgen beste of nog wel in onze al",
    ),
    (
        "sv",
        "och att det är jag inte som på med för den av ett en till har vi kan om men ni från vår när så hej tack \
         mig var hur nu eller ska denna detta min de skulle bara vad",
    ),
    (
        "da",
        "og at det er jeg ikke som på med for den af et en til har vi kan om men fra vores når så hej tak mig var \
         hvordan nu eller skal denne dette min de jeres hvad kun også efter der mvh",
    ),
    (
        "nb",
        "og at det er jeg ikke som på med for den av et en til har vi kan om men fra vår når så hei takk meg var \
         hvordan nå eller skal denne dette min de deres hva bare også etter der dere noen",
    ),
    (
        "fi",
        "ja on ei se että en oli mutta niin kun voi ovat ole tai jos minun meidän olen mikä hei kiitos nyt vain \
         joka sen tämä miten teidän voisitteko kuin sitä jo mitä myös olisi ollut vielä eikä",
    ),
    (
        "et",
        "ja on ei see et ma oli aga kui või mis tere aitäh nüüd meie teie ka siis saa oma palun seda mul minu kas \
         ning kuid pole olen seal väga veel",
    ),
    (
        "pl",
        "i w z na nie się jest to że do dla od po jak ale czy są o za przez proszę dzień dobry dziękuję mi mam \
         nas było był być już może tak tego bardzo jeszcze tylko która który nasz",
    ),
    (
        "cs",
        "a v z na ne se je to že do pro od po jak ale nebo jsou o za prosím dobrý den děkuji mi mám nás bylo být \
         už může tak jsem jsme si která který když při ve není také",
    ),
    (
        "sk",
        "a v z na nie sa je to že do pre od po ako ale alebo sú o za prosím dobrý deň ďakujem mi mám nás bolo byť \
         už môže tak som sme si ktorá ktorý keď pri vo tiež",
    ),
    (
        "sl",
        "in v z na ne se je to da do za od po kot ali ampak so o prosim pozdravljeni hvala mi imam nas bilo biti \
         že lahko tako sem smo si ki ko pri iz ni tudi pa",
    ),
    (
        "hr",
        "i u s na ne se je to da do za od po kao ali nego su o molim pozdrav hvala mi imam nas bilo biti već može \
         tako sam smo si koja koji kad pri iz nije također što ili",
    ),
    (
        "hu",
        "a az és nem hogy is egy van de meg ez csak már ha volt mint kell lehet vagy be ki még nincs köszönöm jó \
         napot tisztelt kérem nekünk minden ezt azt sem el",
    ),
    (
        "ro",
        "și si în de la nu este un o pentru că cu pe din mai care am sunt dar se să al ale ce fost acest această \
         bună ziua vă mulțumesc poate ne mi sau când între după avem",
    ),
    (
        "tr",
        "ve bir bu için ile de da ne çok var yok ben biz olarak daha gibi kadar olan ama değil mi merhaba \
         teşekkürler lütfen sizin bana ancak sonra şu o ki en her nasıl",
    ),
    (
        "ru",
        "и в не на что это для как мы но я с по к из у за от все так же вы или если было есть здравствуйте \
         спасибо пожалуйста нас мне нам он быть мой до бы уже при когда",
    ),
    (
        "uk",
        "і в не на що це для як ми але я з по до із у за від все так же ви або якщо було є доброго дякую будь нас \
         мені нам він бути мій та вже при коли й день ласка",
    ),
    (
        "bg",
        "и в не на че това за как ние но аз с по до от у все така ви или ако беше е здравейте благодаря моля нас \
         ми ни той да бъде вече при когато са се има във със",
    ),
    (
        "sr",
        "и у не на што то да за као ми али ја с по до од се је су или ако било хвала молим нас нам он бити већ \
         при кад сам смо",
    ),
    (
        "ca",
        "el la els les i és de del un una per que no es amb en seu com més però meu em ja està hola gràcies tinc \
         vostè des quan hi ha al ens aquesta aquest pot bon dia o als",
    ),
    (
        "id",
        "dan yang di ke dari untuk dengan tidak ini itu kami saya anda akan pada ada bisa sudah atau juga mohon \
         terima kasih selamat oleh dalam karena tetapi",
    ),
    (
        "lt",
        "ir yra ne kad su iš į mes bet kaip ar labas ačiū prašome tai jau dar man mūsų jūsų už po apie buvo bus \
         galite tik",
    ),
    (
        "lv",
        "un ir ne ka ar no uz mēs bet kā vai labdien paldies lūdzu tas jau vēl man mūsu jūsu par pēc bija būs \
         varat tikai",
    ),
    (
        "vi",
        "và là của không có tôi cho được này trong một với các đã để những khi đến cảm ơn xin chào vui lòng bạn \
         chúng",
    ),
    (
        "af",
        "die en is nie ek ons het van te dat vir wat met op hulle kan dit om sal my jou asseblief dankie maar ook \
         by",
    ),
    // Filler that templates come with.
    (
        "la",
        "et in est non ut sit amet ad cum per qui sed ex ac quam quod vel eu at id nec dolor ipsum lorem quis nulla eget \
         vitae sem leo tellus mauris enim elit nunc orci urna",
    ),
];

/// The points of a word for each language.
type Points = [u8; LANGUAGES_MAX];
/// Places for languages: as many as are added at once, the last of them empty.
const LANGUAGES_MAX: usize = 32;

/// Every word with its points: all languages are added at once, whichever have it.
static TABLE: LazyLock<PackedMap<Points>> = LazyLock::new(|| {
    let mut languages: BTreeMap<u128, BTreeSet<usize>> = BTreeMap::new();
    for (index, (_, words)) in LISTS.iter().enumerate() {
        for word in words.split(' ').filter_map(packed) {
            languages.entry(word).or_default().insert(index);
        }
    }
    PackedMap::new(languages.into_iter().map(|(word, sharers)| {
        let share = u8::try_from(POINTS as usize / sharers.len()).expect("points fit in a byte");
        (word, std::array::from_fn(|index| if sharers.contains(&index) { share } else { 0 }))
    }))
});

const _: () = assert!(POINTS <= u8::MAX as u32 && LISTS.len() <= LANGUAGES_MAX);

/// The language whose small words a text is made of; `None` where none leads clearly.
pub(crate) fn language(words: &[&str]) -> Option<Detected> {
    let table = &*TABLE;
    let mut points = [0_u32; LANGUAGES_MAX];
    for word in words {
        let Some(shares) = packed(without_marks(word)).and_then(|word| table.get(word)) else { continue };
        points.iter_mut().zip(shares).for_each(|(points, share)| *points += u32::from(*share));
    }
    let best = (0..LISTS.len()).max_by_key(|index| points[*index])?;
    let second = (0..LISTS.len()).filter(|index| *index != best).map(|index| points[index]).max().unwrap_or(0);
    let is_prose = points[best] as usize * EVERY >= words.len() * POINTS as usize;
    let doubt = f64::from(second) / f64::from(points[best].max(1));
    if !is_prose || points[best] < second + AHEAD_MIN || doubt * LEAD > 1.0 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 100")]
    let confidence_percent = (100.0 * (1.0 - doubt * doubt)).round().clamp(1.0, 100.0) as u8;
    Some(Detected { code: LISTS[best].0.to_owned(), confidence_percent })
}

/// A word without the marks around it.
fn without_marks(word: &str) -> &str {
    let is_letter =
        |byte: &u8| !matches!(byte, b',' | b'.' | b'!' | b'?' | b':' | b';' | b'(' | b')' | b'"' | b'\'' | b'*' | b'>');
    let bytes = word.as_bytes();
    let first = bytes.iter().position(is_letter).unwrap_or(0);
    let end = bytes.iter().rposition(is_letter).map_or(0, |last| last + 1);
    word.get(first..end).unwrap_or_default()
}

/// What is known of each of some packed words: asked for every word of a mail.
pub(crate) struct PackedMap<V> {
    entries: Vec<(u128, V)>,
    /// Entries by the hash of their word, the next free place where it is taken; `u16::MAX` where there is none.
    slots: Vec<u16>,
}

impl<V> PackedMap<V> {
    pub(crate) fn new(entries: impl IntoIterator<Item = (u128, V)>) -> Self {
        let entries: Vec<(u128, V)> = entries.into_iter().collect();
        // At most one slot in four is taken, so that most words that are not listed meet an empty one.
        let mut slots = vec![u16::MAX; (entries.len() * 4).next_power_of_two()];
        for (index, (word, _)) in entries.iter().enumerate() {
            let mut slot = Self::slot(*word, slots.len());
            while slots[slot] != u16::MAX {
                slot = (slot + 1) % slots.len();
            }
            slots[slot] = u16::try_from(index).expect("there are some thousand words");
        }
        Self { entries, slots }
    }

    pub(crate) fn get(&self, word: u128) -> Option<&V> {
        let mut slot = Self::slot(word, self.slots.len());
        loop {
            let (found, value) = self.entries.get(usize::from(self.slots[slot]))?;
            if *found == word {
                return Some(value);
            }
            slot = (slot + 1) % self.slots.len();
        }
    }

    /// The upper bits of a product, which all bits of the word have a part in.
    #[expect(clippy::cast_possible_truncation, reason = "halves")]
    fn slot(word: u128, slots: usize) -> usize {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let folded = (word >> 64) as u64 ^ (word as u64).wrapping_mul(ODD);
        (folded.wrapping_mul(ODD) >> 40) as usize % slots
    }
}

/// A word in lower case as a number; `None` if it is longer than any small word.
pub(crate) fn packed(word: &str) -> Option<u128> {
    let mut bytes = [0_u8; BYTES_MAX];
    if let Some(whole) = bytes.get_mut(..word.len()) {
        whole.copy_from_slice(word.as_bytes());
        // All bytes at once, whatever the length of the word.
        bytes.make_ascii_lowercase();
        if bytes.is_ascii() {
            return Some(u128::from_be_bytes(bytes));
        }
        bytes.fill(0);
    } else if word.is_ascii() {
        return None;
    }
    let mut length = 0;
    for c in word.chars().flat_map(char::to_lowercase) {
        let end = length + c.len_utf8();
        c.encode_utf8(bytes.get_mut(length..end)?);
        length = end;
    }
    Some(u128::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request for help as people write it, by language.
    const SAMPLES: [(&str, &str); 24] = [
        (
            "en",
            "Hello, the printer on the second floor has stopped again and nobody here knows why it did that. Could you please send someone?",
        ),
        (
            "de",
            "Guten Tag, der Drucker im zweiten Stock ist wieder stehen geblieben und niemand hier weiß, warum. Könnten Sie bitte jemanden schicken? Vielen Dank für Ihre Hilfe.",
        ),
        (
            "fr",
            "Bonjour, l'imprimante du deuxième étage est encore en panne et nous ne pouvons plus imprimer les factures pour notre client. Pouvez-vous nous aider, merci ?",
        ),
        (
            "es",
            "Hola, la impresora de la segunda planta no funciona desde ayer y no podemos imprimir las facturas para el cliente. ¿Puede venir alguien, por favor? Gracias.",
        ),
        (
            "it",
            "Buongiorno, la stampante del secondo piano non funziona da ieri e non possiamo stampare le fatture per il cliente. Potete mandare qualcuno? Grazie mille per la vostra risposta.",
        ),
        (
            "pt",
            "Olá, a impressora do segundo andar não funciona desde ontem e não conseguimos imprimir as faturas para o cliente. Você pode mandar alguém? Muito obrigado pela ajuda.",
        ),
        (
            "nl",
            "Goedemorgen, de printer op de tweede verdieping doet het niet en wij kunnen de facturen voor onze klant niet afdrukken. Kunt u iemand naar ons sturen? Alvast bedankt.",
        ),
        (
            "sv",
            "Hej, skrivaren på andra våningen har slutat fungera och vi kan inte skriva ut fakturorna till vår kund. Kan ni skicka någon i dag? Tack för hjälpen så länge.",
        ),
        (
            "da",
            "Hej, printeren på anden sal er holdt op med at virke, og vi kan ikke udskrive fakturaer til vores kunde. Kan I sende nogen i dag? Tak for hjælpen, det er også den af de nye.",
        ),
        (
            "nb",
            "Hei, skriveren i andre etasje har sluttet å virke, og vi kan ikke skrive ut fakturaer til kunden vår nå. Kan dere sende noen i dag? Takk for hjelpen, det er også noen av de nye.",
        ),
        (
            "fi",
            "Hei, toisen kerroksen tulostin ei toimi ja me emme voi tulostaa laskuja, jotka meidän on tänään lähetettävä. Voisitteko lähettää jonkun? Kiitos jo nyt, se on meille tärkeää.",
        ),
        (
            "pl",
            "Dzień dobry, drukarka na drugim piętrze nie działa od wczoraj i nie możemy drukować faktur dla klienta. Czy mogą Państwo przysłać kogoś do nas? Dziękuję za pomoc.",
        ),
        (
            "cs",
            "Dobrý den, tiskárna ve druhém patře nefunguje od včera a my nemůžeme tisknout faktury pro zákazníka, které musíme dnes poslat. Můžete někoho poslat? Děkuji, je to pro nás důležité a už jsme to zkusili.",
        ),
        (
            "sk",
            "Dobrý deň, tlačiareň na druhom poschodí nefunguje od včera a my nemôžeme tlačiť faktúry pre zákazníka, ktoré sme mali dnes poslať. Môžete niekoho poslať? Ďakujem, je to pre nás dôležité a už som to skúsil.",
        ),
        (
            "sl",
            "Pozdravljeni, tiskalnik v drugem nadstropju ne dela od včeraj in ne moremo tiskati računov za stranko, ki jih moramo danes poslati. Ali lahko koga pošljete? Hvala, smo že poskusili in je nujno.",
        ),
        (
            "hr",
            "Pozdrav, pisač na drugom katu ne radi od jučer i ne možemo ispisati račune za kupca koji ih čeka. Možete li poslati nekoga? Hvala, već smo pokušali što se može i nije pomoglo.",
        ),
        (
            "hu",
            "Tisztelt Ügyfélszolgálat, a második emeleti nyomtató tegnap óta nem működik, és nem tudjuk kinyomtatni a számlákat. Kérem, hogy küldjenek valakit, ha lehet még ma. Köszönöm.",
        ),
        (
            "ro",
            "Bună ziua, imprimanta de la etajul doi nu mai funcționează de ieri și nu putem tipări facturile pentru client. Puteți să trimiteți pe cineva? Vă mulțumesc pentru ajutor.",
        ),
        (
            "tr",
            "Merhaba, ikinci kattaki yazıcı dünden beri çalışmıyor ve müşteri için faturaları yazdıramıyoruz. Lütfen bugün bir kişi gönderir misiniz? Bu bizim için çok önemli, teşekkürler.",
        ),
        (
            "ru",
            "Здравствуйте, принтер на втором этаже не работает со вчерашнего дня, и мы не можем печатать счета для клиента. Не могли бы вы прислать кого-нибудь? Спасибо за помощь, это важно.",
        ),
        (
            "uk",
            "Доброго дня, принтер на другому поверсі не працює з учора, і ми не можемо друкувати рахунки для клієнта. Чи могли б ви надіслати когось до нас? Дякую за допомогу, це важливо.",
        ),
        (
            "bg",
            "Здравейте, принтерът на втория етаж не работи от вчера и ние не можем да печатаме фактурите за клиента. Може ли да изпратите някого? Благодаря за помощта, това е важно за нас.",
        ),
        (
            "et",
            "Tere, teise korruse printer ei tööta eilsest saati ja me ei saa arveid printida, mis on vaja täna saata. Palun kas keegi saab tulla? Aitäh, see on meie jaoks väga oluline.",
        ),
        (
            "id",
            "Selamat pagi, printer di lantai dua tidak berfungsi sejak kemarin dan kami tidak bisa mencetak faktur untuk pelanggan. Mohon kirim seseorang ke kantor kami, terima kasih.",
        ),
    ];

    #[test]
    fn a_request_is_told_by_its_small_words() {
        for (code, text) in SAMPLES {
            let words: Vec<&str> = text.split(' ').collect();
            let found = language(&words);
            assert_eq!(found.as_ref().map(|found| found.code.as_str()), Some(code), "{found:?}");
        }
    }

    #[test]
    fn lists_of_names_and_numbers_have_no_language() {
        let names = "Ann Bob Carla Dmitri Eve Frank Greta Hugo Ines Jan Karl Lena Max Nora Olaf Pia Quinn Rosa Sven Tina Udo";
        assert_eq!(language(&names.split(' ').collect::<Vec<_>>()), None);
        assert_eq!(language(&[]), None);
    }
}
