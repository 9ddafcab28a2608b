//! Proofs that a mail of ours is ours: keys per purpose, reply tokens, our Message-IDs.
//!
//! Everything is an HMAC-SHA256 under a key derived from `server.key` (RFC 5869), cut to 80 bits: an attacker who mails us
//! five guesses an hour needs longer than the universe has. Compared in constant time.

use data_encoding::{Encoding, Specification};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use mail::MessageId;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::ids::{AgentName, EffectId, EventId, TicketNo};

/// 80 bits.
const MAC_BYTES: usize = 10;
/// 50 bits of the effect make our ids unique within one revision of one ticket.
const EFFECT_CHARACTERS: usize = 10;
/// Characters of [`MAC_BYTES`] in base32.
const MAC_CHARACTERS: usize = 16;
/// Characters of a code that is typed.
pub(crate) const CODE_CHARACTERS: usize = 6;

/// Keys for tokens, derived per purpose; each has read its key already.
#[derive(Clone)]
pub struct Keys {
    message_id: Hmac<Sha256>,
    reply: Hmac<Sha256>,
    loop_mark: Hmac<Sha256>,
    bounce: Hmac<Sha256>,
    one_click: Hmac<Sha256>,
    release: Hmac<Sha256>,
    file_link: Hmac<Sha256>,
    /// Those before the key was replaced: they read, and sign nothing.
    old: Option<Box<Keys>>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(***)")
    }
}

/// What an answer to a mail of ours is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// A reply to the requester.
    Reply,
    /// A note.
    Note,
    /// A vendor's thread.
    Vendor,
    /// Commands only.
    Command,
    /// A message of somebody outside: the mode of mails to customers, which carry no reply address of ours.
    Outside,
}

impl Mode {
    const ALL: [Self; 5] = [Self::Reply, Self::Note, Self::Vendor, Self::Command, Self::Outside];

    fn letter(self) -> char {
        match self {
            Self::Reply => 'r',
            Self::Note => 'n',
            Self::Vendor => 'v',
            Self::Command => 'c',
            Self::Outside => 'o',
        }
    }

    /// Whether mails of that mode go to agents.
    #[must_use]
    pub fn is_for_agents(self) -> bool {
        match self {
            Self::Reply | Self::Note | Self::Command => true,
            Self::Vendor | Self::Outside => false,
        }
    }

    fn from_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.letter() == letter.to_ascii_lowercase())
    }
}

/// What an agent says about a mail that waits for their word. The words stand in subjects of one-click mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice {
    /// The held mail goes out as it was meant.
    Send,
    /// Its text becomes a note.
    Note,
    /// It is thrown away.
    Drop,
    /// Its text is sent, its commands are not carried out.
    TextOnly,
    /// The line is carried out as it was probably meant.
    Use,
    /// Go on, knowing what was said.
    Confirm,
    /// The agent wrote it: the mail counts as proven.
    Mine,
    /// The agent wrote it, and the address that it came from is theirs from now on.
    Remember,
    /// The agent did not write it.
    NotMine,
    /// A held message of somebody outside joins the conversation.
    Release,
    /// A held message of somebody outside is put away.
    PutAway,
    /// A vendor's words are passed on to the requester.
    PassOn,
    /// The words of an answer to the mail say it; this one stands in reply addresses only.
    Answer,
}

impl Choice {
    /// All.
    pub const ALL: [Self; 13] = [
        Self::Send,
        Self::Note,
        Self::Drop,
        Self::TextOnly,
        Self::Use,
        Self::Confirm,
        Self::Mine,
        Self::Remember,
        Self::NotMine,
        Self::Release,
        Self::PutAway,
        Self::PassOn,
        Self::Answer,
    ];

    /// The word in a subject.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Note => "keep-note",
            Self::Drop => "drop",
            Self::TextOnly => "text-only",
            Self::Use => "use",
            Self::Confirm => "confirm",
            Self::Mine => "mine",
            Self::Remember => "remember",
            Self::NotMine => "not-mine",
            Self::Release => "release",
            Self::PutAway => "put-away",
            Self::PassOn => "pass-on",
            Self::Answer => "answer",
        }
    }

    /// The choice with that word, in any case.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.word().eq_ignore_ascii_case(word))
    }
}

/// A file of a message, for a link that needs no sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileClaim {
    /// The ticket.
    pub ticket: TicketNo,
    /// The event that brought the message.
    pub event: EventId,
    /// [`mail::Attachment::part`].
    pub part: u32,
    /// The last day on which the link opens, in days since 1970-01-01 UTC.
    pub last_day: i64,
}

/// What a valid token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The ticket.
    pub ticket: TicketNo,
    /// Its revision when the mail was written.
    pub rev: u32,
    /// What an answer is.
    pub mode: Mode,
}

/// Which mail of ours a bounce speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BounceClaim {
    /// Its ticket.
    pub ticket: TicketNo,
    effect: String,
}

impl BounceClaim {
    /// The mail is the one that this effect sent.
    #[must_use]
    pub fn is_of(&self, effect: EffectId) -> bool {
        base32().encode(&effect.0).get(..EFFECT_CHARACTERS) == Some(&self.effect)
    }
}

impl Keys {
    /// Derives all keys from the secret of `server.key` (32 bytes or more).
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        let hkdf = Hkdf::<Sha256>::new(Some(b"frontdesk"), secret);
        let expand = |info: &[u8]| {
            let mut key = [0; 32];
            hkdf.expand(info, &mut key).expect("32 bytes are within the 8,160 that RFC 5869 allows");
            Hmac::new_from_slice(&key).expect("HMAC takes keys of any length")
        };
        Self {
            message_id: expand(b"message-id v1"),
            reply: expand(b"reply token v1"),
            loop_mark: expand(b"loop v1"),
            bounce: expand(b"bounce v1"),
            one_click: expand(b"one click v1"),
            release: expand(b"release v1"),
            file_link: expand(b"file link v1"),
            old: None,
        }
    }

    /// The same after the secret was replaced: what the old one signed still reads.
    #[must_use]
    pub fn rotated(secret: &[u8], old: &[u8]) -> Self {
        Self { old: Some(Box::new(Self::new(old))), ..Self::new(secret) }
    }

    /// What the old secret signed reads no more.
    pub fn forget_old(&mut self) {
        self.old = None;
    }

    /// The newest keys, then those before.
    fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.old.as_deref())
    }

    /// `T4821.12.R.<26 characters>@domain`: ten characters of the effect, sixteen of proof.
    #[must_use]
    pub fn message_id(&self, claim: Claim, effect: EffectId, domain: &str) -> MessageId {
        let head = format!("T{}.{}.{}.", claim.ticket.0, claim.rev, claim.mode.letter().to_ascii_uppercase());
        let unique = &base32().encode(&effect.0)[..EFFECT_CHARACTERS];
        let proof = mac(&self.message_id, &[head.as_bytes(), unique.as_bytes(), domain.as_bytes()]);
        MessageId::new(&format!("{head}{unique}{proof}@{domain}")).expect("letters, digits and dots make an id")
    }

    /// Reads one of our own ids; `None` if it is not ours or was changed. Letter case is ignored, since some servers fold it.
    #[must_use]
    pub fn read_message_id(&self, id: &MessageId) -> Option<Claim> {
        let (local, domain) = id.as_str().rsplit_once('@')?;
        let mut parts = local.split('.');
        let (ticket, rev, mode, tail) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || tail.len() != EFFECT_CHARACTERS + MAC_CHARACTERS || !tail.is_ascii() {
            return None;
        }
        let tail = tail.to_ascii_lowercase();
        let (unique, proof) = tail.split_at(EFFECT_CHARACTERS);
        let claim = Claim {
            ticket: TicketNo(digits(ticket.strip_prefix(['T', 't'])?)?),
            rev: u32::try_from(digits(rev)?).ok()?,
            mode: Mode::from_letter(single_character(mode)?)?,
        };
        let head = format!("T{}.{}.{}.", claim.ticket.0, claim.rev, claim.mode.letter().to_ascii_uppercase());
        let domain = domain.to_ascii_lowercase();
        let parts = [head.as_bytes(), unique.as_bytes(), domain.as_bytes()];
        self.all().any(|keys| same(proof, &mac(&keys.message_id, &parts))).then_some(claim)
    }

    /// The id is ours and the one of the mail that this effect sent.
    #[must_use]
    pub fn is_id_of(&self, id: &MessageId, effect: EffectId) -> bool {
        let tail = id.as_str().split('@').next().and_then(|local| local.rsplit('.').next()).unwrap_or_default();
        let unique = &base32().encode(&effect.0)[..EFFECT_CHARACTERS];
        let names_it = tail.get(..EFFECT_CHARACTERS).is_some_and(|found| found.eq_ignore_ascii_case(unique));
        names_it && self.read_message_id(id).is_some()
    }

    /// Sixteen characters for a reply address; `person` is whom the mail went to.
    #[must_use]
    pub fn reply_token(&self, claim: Claim, person: &str, verb: Option<&str>) -> String {
        let head = format!("{}|{}|{}", claim.ticket.0, claim.rev, claim.mode.letter());
        mac(&self.reply, &[head.as_bytes(), person.to_lowercase().as_bytes(), verb.unwrap_or("").as_bytes()])
    }

    /// `+t4821-12r-<token>`: the detail of a reply address, without the plus.
    #[must_use]
    pub fn reply_detail(&self, claim: Claim, person: &str) -> String {
        format!("t{}-{}{}-{}", claim.ticket.0, claim.rev, claim.mode.letter(), self.reply_token(claim, person, None))
    }

    /// Reads the detail of a reply address and tries it for each of the people who may have been given it.
    #[must_use]
    pub fn read_reply_detail<'p>(&self, detail: &str, people: impl IntoIterator<Item = &'p str>) -> Option<(Claim, &'p str)> {
        let claim = read_detail(detail)?;
        let token = detail.rsplit_once('-')?.1.to_ascii_lowercase();
        let is_theirs = |person: &&str| self.all().any(|keys| same(&token, &keys.reply_token(claim, person, None)));
        people.into_iter().find(is_theirs).map(|person| (claim, person))
    }

    /// `b4821-<10 characters of the effect>-<16 of proof>`: the detail of an envelope sender, without the plus, so that a
    /// bounce names the mail that failed however its report is written (variable envelope return path).
    #[must_use]
    pub fn bounce_detail(&self, ticket: TicketNo, effect: EffectId) -> String {
        let head = format!("b{}-{}", ticket.0, &base32().encode(&effect.0)[..EFFECT_CHARACTERS]);
        let proof = mac(&self.bounce, &[head.as_bytes()]);
        format!("{head}-{proof}")
    }

    /// Reads the detail of an envelope sender of ours; `None` if it is not ours or was changed. Letter case is ignored.
    #[must_use]
    pub fn read_bounce_detail(&self, detail: &str) -> Option<BounceClaim> {
        let folded = detail.to_ascii_lowercase();
        let (head, proof) = folded.rsplit_once('-')?;
        let (ticket, effect) = head.strip_prefix('b')?.split_once('-')?;
        let claim = BounceClaim { ticket: TicketNo(digits(ticket)?), effect: effect.to_owned() };
        self.all().any(|keys| same(proof, &mac(&keys.bounce, &[head.as_bytes()]))).then_some(claim)
    }

    /// Sixteen characters for the subject of a one-click mail, bound to agent, ticket, revision, words and the day of issue.
    #[must_use]
    pub fn one_click_token(&self, agent: &AgentName, claim: (TicketNo, u32), words: &str, day: i64) -> String {
        let head = format!("{}|{}|{day}", claim.0.0, claim.1);
        mac(&self.one_click, &[head.as_bytes(), agent.0.as_bytes(), words.as_bytes()])
    }

    /// The token belongs to one of the days from `first_day` to `last_day`.
    #[must_use]
    pub fn is_one_click_token(
        &self,
        token: &str,
        agent: &AgentName,
        claim: (TicketNo, u32),
        words: &str,
        days: std::ops::RangeInclusive<i64>,
    ) -> bool {
        let token = token.to_ascii_lowercase();
        days.into_iter().any(|day| self.all().any(|keys| same(&token, &keys.one_click_token(agent, claim, words, day))))
    }

    /// Sixteen characters that let one agent say one thing about one held mail. Whoever holds mails forgets them after a
    /// while, so the token needs no end of its own.
    #[must_use]
    pub fn release_token(&self, event: EventId, agent: &AgentName, choice: Choice) -> String {
        mac(&self.release, &[&event.0, agent.0.as_bytes(), choice.word().as_bytes()])
    }

    /// The token lets that agent say that.
    #[must_use]
    pub fn is_release_token(&self, token: &str, event: EventId, agent: &AgentName, choice: Choice) -> bool {
        let token = token.to_ascii_lowercase();
        self.all().any(|keys| same(&token, &keys.release_token(event, agent, choice)))
    }

    /// The code that an agent may type instead of pressing the link: a part of the link's own token, so whoever has it has got
    /// the mail.
    #[must_use]
    pub fn release_code(&self, event: EventId, agent: &AgentName) -> String {
        self.release_token(event, agent, Choice::Confirm).chars().take(CODE_CHARACTERS).collect()
    }

    /// It is that code, in any case.
    #[must_use]
    pub fn is_release_code(&self, code: &str, event: EventId, agent: &AgentName) -> bool {
        let code = code.to_ascii_lowercase();
        self.all().any(|keys| same(&code, &keys.release_code(event, agent)))
    }

    /// `y<32 hex>-<token>`: the detail of a reply address for answers about a held mail.
    #[must_use]
    pub fn release_detail(&self, event: EventId, agent: &AgentName) -> String {
        format!("y{event}-{}", self.release_token(event, agent, Choice::Answer))
    }

    /// Reads the detail of a reply address and tries it for each of the agents who may have been given it.
    #[must_use]
    pub fn read_release_detail<'p>(
        &self,
        detail: &str,
        agents: impl IntoIterator<Item = &'p AgentName>,
    ) -> Option<(EventId, &'p AgentName)> {
        let (event, token) = detail.strip_prefix(['y', 'Y'])?.split_once('-')?;
        let event = EventId::from_hex(&event.to_ascii_lowercase())?;
        agents.into_iter().find(|agent| self.is_release_token(token, event, agent, Choice::Answer)).map(|agent| (event, agent))
    }

    /// `4821/<32 hex>/3/20780/<token>`: the path of a link to a file.
    #[must_use]
    pub fn file_path(&self, file: FileClaim) -> String {
        let head = format!("{}/{}/{}/{}", file.ticket.0, file.event, file.part, file.last_day);
        let token = mac(&self.file_link, &[head.as_bytes()]);
        format!("{head}/{token}")
    }

    /// Reads the path of a link to a file; `None` if it is not ours, was changed, or if `today` is behind its last day.
    #[must_use]
    pub fn read_file_path(&self, path: &str, today: i64) -> Option<FileClaim> {
        let (head, token) = path.trim_matches('/').rsplit_once('/')?;
        let mut parts = head.split('/');
        let file = FileClaim {
            ticket: TicketNo(digits(parts.next()?)?),
            event: EventId::from_hex(parts.next()?)?,
            part: u32::try_from(digits(parts.next()?)?).ok()?,
            last_day: i64::try_from(digits(parts.next()?)?).ok()?,
        };
        let is_signed = self.all().any(|keys| same(token, &mac(&keys.file_link, &[head.as_bytes()])));
        let is_ours = parts.next().is_none() && is_signed;
        (is_ours && today <= file.last_day).then_some(file)
    }

    /// Value of `X-Frontdesk-Loop` for a mail of ours.
    #[must_use]
    pub fn loop_mark(&self, id: &MessageId) -> String {
        mac(&self.loop_mark, &[id.as_str().as_bytes()])
    }

    /// The mark belongs to that id, so the mail is ours.
    #[must_use]
    pub fn is_loop_mark(&self, mark: &str, id: &MessageId) -> bool {
        let mark = mark.trim().to_ascii_lowercase();
        self.all().any(|keys| same(&mark, &keys.loop_mark(id)))
    }
}

/// What a reply address claims, unproven: enough to know which ticket to ask about.
#[must_use]
pub fn read_detail(detail: &str) -> Option<Claim> {
    let mut parts = detail.split('-');
    let (ticket, rev_mode, token) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || token.len() != MAC_CHARACTERS || !rev_mode.is_ascii() || rev_mode.len() < 2 {
        return None;
    }
    let (rev, mode) = rev_mode.split_at(rev_mode.len() - 1);
    Some(Claim {
        ticket: TicketNo(digits(ticket.strip_prefix(['t', 'T'])?)?),
        rev: u32::try_from(digits(rev)?).ok()?,
        mode: Mode::from_letter(single_character(mode)?)?,
    })
}

fn mac(key: &Hmac<Sha256>, parts: &[&[u8]]) -> String {
    let mut mac = key.clone();
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    base32().encode(&mac.finalize().into_bytes()[..MAC_BYTES])
}

fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// Decimal digits only: no sign, no leading zero, so every number has one spelling.
fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

fn single_character(text: &str) -> Option<char> {
    let mut characters = text.chars();
    let first = characters.next()?;
    characters.next().is_none().then_some(first)
}

/// Crockford's base32, lower case: no letter that reads like a digit.
fn base32() -> &'static Encoding {
    static ENCODING: std::sync::LazyLock<Encoding> = std::sync::LazyLock::new(|| {
        let mut specification = Specification::new();
        specification.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
        specification.encoding().expect("32 distinct symbols make an encoding")
    });
    &ENCODING
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::EventId;

    const CLAIM: Claim = Claim { ticket: TicketNo(4821), rev: 12, mode: Mode::Reply };

    fn keys() -> Keys {
        Keys::new(&[7; 32])
    }

    fn id() -> MessageId {
        keys().message_id(CLAIM, EffectId::new(EventId::of_request("r"), 0), "fernhill.example")
    }

    #[test]
    fn our_message_id_reads_back_in_any_case() {
        assert!(id().as_str().starts_with("T4821.12.R."), "{}", id());
        assert_eq!(keys().read_message_id(&id()), Some(CLAIM));
        assert_eq!(keys().read_message_id(&MessageId::new(&id().as_str().to_lowercase()).expect("id")), Some(CLAIM));
    }

    #[test]
    fn any_changed_character_is_refused() {
        let whole = id().as_str().to_owned();
        for at in 0..whole.len() {
            let mut bytes = whole.clone().into_bytes();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            let changed = MessageId::new(&String::from_utf8(bytes).expect("ascii")).expect("id");
            assert_eq!(keys().read_message_id(&changed), None, "{changed}");
        }
        assert_eq!(Keys::new(&[8; 32]).read_message_id(&id()), None);
    }

    #[test]
    fn a_reply_address_names_the_person_it_was_given_to() {
        let detail = keys().reply_detail(CLAIM, "dana@x.example");
        assert_eq!(keys().read_reply_detail(&detail, ["eve@y.example", "Dana@x.example"]), Some((CLAIM, "Dana@x.example")));
        assert_eq!(keys().read_reply_detail(&detail, ["eve@y.example"]), None);
        assert_eq!(keys().read_reply_detail(&detail.replace("t4821", "t4822"), ["dana@x.example"]), None);
    }

    #[test]
    fn a_bounce_names_the_mail_that_failed() {
        let effect = EffectId::new(EventId::of_request("r"), 0);
        let detail = keys().bounce_detail(TicketNo(4821), effect);
        assert!(detail.starts_with("b4821-") && detail.len() <= 48, "{detail}");
        let claim = keys().read_bounce_detail(&detail.to_uppercase()).expect("ours");
        assert_eq!((claim.ticket, claim.is_of(effect)), (TicketNo(4821), true));
        assert!(!claim.is_of(EffectId::new(EventId::of_request("r"), 1)));
        for at in 0..detail.len() {
            let mut bytes = detail.clone().into_bytes();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            assert_eq!(keys().read_bounce_detail(&String::from_utf8(bytes).expect("ascii")), None);
        }
        assert_eq!(Keys::new(&[8; 32]).read_bounce_detail(&detail), None);
    }

    #[test]
    fn a_word_about_a_held_mail_is_one_agents_one_word() {
        let (event, maya, tomasz) = (EventId::of_request("d"), AgentName::from("maya"), AgentName::from("tomasz"));
        let token = keys().release_token(event, &maya, Choice::Send);
        assert!(keys().is_release_token(&token.to_uppercase(), event, &maya, Choice::Send));
        assert!(!keys().is_release_token(&token, event, &tomasz, Choice::Send));
        assert!(!keys().is_release_token(&token, event, &maya, Choice::Note));
        assert!(!keys().is_release_token(&token, EventId::of_request("e"), &maya, Choice::Send));
        let detail = keys().release_detail(event, &maya);
        assert_eq!(keys().read_release_detail(&detail, [&tomasz, &maya]), Some((event, &maya)));
        assert_eq!(keys().read_release_detail(&detail, [&tomasz]), None);
        assert_eq!(read_detail(&detail), None);
        for choice in Choice::ALL {
            assert_eq!(Choice::from_word(&choice.word().to_uppercase()), Some(choice));
        }
    }

    #[test]
    fn a_link_to_a_file_opens_that_file_until_its_last_day() {
        let file = FileClaim { ticket: TicketNo(4821), event: EventId::of_request("m"), part: 3, last_day: 20_780 };
        let path = keys().file_path(file);
        assert_eq!(keys().read_file_path(&path, 20_780), Some(file));
        assert_eq!(keys().read_file_path(&path, 20_781), None);
        assert_eq!(keys().read_file_path(&path.replace("/3/", "/4/"), 20_780), None);
        assert_eq!(keys().read_file_path("", 0), None);
    }

    #[test]
    fn what_an_old_key_signed_reads_until_it_is_forgotten() {
        let old = keys();
        let mut new = Keys::rotated(&[9; 32], &[7; 32]);
        let (event, maya) = (EventId::of_request("d"), AgentName::from("maya"));
        let file = FileClaim { ticket: TicketNo(4821), event, part: 3, last_day: 20_780 };
        let reads = |keys: &Keys| {
            [
                keys.read_message_id(&id()).is_some(),
                keys.read_reply_detail(&old.reply_detail(CLAIM, "maya"), ["maya"]).is_some(),
                keys.read_bounce_detail(&old.bounce_detail(TicketNo(1), EffectId::new(event, 0))).is_some(),
                keys.is_one_click_token(
                    &old.one_click_token(&maya, (TicketNo(1), 2), "close", 5),
                    &maya,
                    (TicketNo(1), 2),
                    "close",
                    5..=5,
                ),
                keys.is_release_token(&old.release_token(event, &maya, Choice::Send), event, &maya, Choice::Send),
                keys.read_file_path(&old.file_path(file), 20_780).is_some(),
                keys.is_loop_mark(&old.loop_mark(&id()), &id()),
            ]
        };
        assert_eq!(reads(&new), [true; 7]);
        assert_ne!(new.reply_detail(CLAIM, "maya"), old.reply_detail(CLAIM, "maya"), "only the new one signs");
        new.forget_old();
        assert_eq!(reads(&new), [false; 7]);
    }

    #[test]
    fn keys_never_show_themselves() {
        assert_eq!(format!("{:?}", keys()), "Keys(***)");
    }
}
