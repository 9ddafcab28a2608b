//! Who may act as an agent: the table of it, as one pure function.
//!
//! An agent's mail is believed for two things together: a token, which only a mail of ours to an agent holds, and a sender
//! whose domain vouches for it (or a PIN where nobody can vouch). Whatever lacks one of them is never carried out, never
//! sent to a customer, and never shown as the agent's words.

use crate::ids::{AgentName, VendorName};
use crate::policy::AgentProof;

/// Who sent the mail, by its From.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    /// An address of an agent.
    Agent {
        /// Whose.
        name: AgentName,
        /// Its domain vouches for the mail.
        proven: bool,
    },
    /// The requester, or somebody who takes part.
    Participant,
    /// Somebody who has tickets of their own, or a vendor.
    Known,
    /// An address that nobody has seen.
    Unknown,
}

/// What the mail carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A reply address or a link made for that agent.
    Bound(AgentName),
    /// One of our ids to agents among its references: from a mail to some agent, nobody knows to which.
    Unbound,
    /// A reply address made for that vendor.
    Vendor(VendorName),
    /// Something like a token that we did not make.
    Bad,
    /// Nothing, or a subject tag, which routes and never authorises.
    None,
}

/// What else the table looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The sender works on the ticket: its team, its owner, a watcher.
    pub works_on_it: bool,
    /// A `pin:` line holds the agent's PIN.
    pub pin_valid: bool,
    /// The sender is the vendor whose token it is, or of their organisation; or a person of ours has let the mail in.
    pub is_vendors: bool,
}

/// What the sender may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Right {
    /// Act as that agent.
    Act(AgentName),
    /// Leave a note as that agent, no more.
    Note(AgentName),
    /// Nothing yet: the mail is held, and the agent's registered address is asked.
    Challenge(AgentName),
    /// Nothing: the mail is held, and the owner is warned.
    Hold,
    /// Write into that vendor's thread.
    Vendor(VendorName),
    /// What anybody may: the mail is one like any other.
    Ordinary,
}

/// The table of spec "Who may act", row by row.
#[must_use]
pub fn right(mode: AgentProof, sender: &Sender, token: &Token, facts: Facts) -> Right {
    match (sender, token) {
        (_, Token::Vendor(vendor)) if facts.is_vendors => Right::Vendor(vendor.clone()),
        (Sender::Agent { name, proven }, _) => agent(mode, name, *proven, token, facts),
        (Sender::Unknown, Token::Bound(agent)) => Right::Challenge(agent.clone()),
        (Sender::Participant | Sender::Known, Token::Bound(_)) => Right::Hold,
        // A vendor's mail was passed on: what somebody else says is not the vendor's word.
        (Sender::Participant | Sender::Known | Sender::Unknown, Token::Vendor(_)) => Right::Hold,
        // A reference to a mail to an agent, from outside: somebody forwarded it. It routes like a stranger's guess.
        (Sender::Participant | Sender::Known | Sender::Unknown, Token::Unbound | Token::Bad | Token::None) => Right::Ordinary,
    }
}

fn agent(mode: AgentProof, name: &AgentName, proven: bool, token: &Token, facts: Facts) -> Right {
    let has_token = matches!(token, Token::Bound(_) | Token::Unbound);
    let is_believed = match mode {
        AgentProof::TokenSender => proven,
        AgentProof::TokenPin => proven || (has_token && facts.pin_valid),
        AgentProof::Token => proven || matches!(token, Token::Bound(owner) if owner == name),
    };
    if !is_believed {
        return Right::Challenge(name.clone());
    }
    match token {
        Token::Bound(owner) if owner == name => Right::Act(name.clone()),
        Token::Bound(_) | Token::Unbound if facts.works_on_it => Right::Act(name.clone()),
        Token::Bound(_) | Token::Unbound | Token::Vendor(_) | Token::Bad | Token::None => Right::Note(name.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODES: [AgentProof; 3] = [AgentProof::TokenSender, AgentProof::TokenPin, AgentProof::Token];

    fn maya(proven: bool) -> Sender {
        Sender::Agent { name: "maya".into(), proven }
    }

    fn facts(works_on_it: bool) -> Facts {
        Facts { works_on_it, pin_valid: false, is_vendors: false }
    }

    #[test]
    fn a_proven_agent_acts_with_an_own_token_and_as_themselves_with_a_colleagues() {
        for mode in MODES {
            assert_eq!(right(mode, &maya(true), &Token::Bound("maya".into()), facts(false)), Right::Act("maya".into()));
            assert_eq!(right(mode, &maya(true), &Token::Bound("tomasz".into()), facts(true)), Right::Act("maya".into()));
            assert_eq!(right(mode, &maya(true), &Token::Bound("tomasz".into()), facts(false)), Right::Note("maya".into()));
            assert_eq!(right(mode, &maya(true), &Token::Unbound, facts(true)), Right::Act("maya".into()));
            assert_eq!(right(mode, &maya(true), &Token::Unbound, facts(false)), Right::Note("maya".into()));
            assert_eq!(right(mode, &maya(true), &Token::None, facts(true)), Right::Note("maya".into()));
            assert_eq!(right(mode, &maya(true), &Token::Bad, facts(true)), Right::Note("maya".into()));
        }
    }

    #[test]
    fn an_agents_address_without_proof_is_asked_whatever_it_carries() {
        for token in [Token::Bound("maya".into()), Token::Unbound, Token::Bad, Token::None] {
            assert_eq!(right(AgentProof::TokenSender, &maya(false), &token, facts(true)), Right::Challenge("maya".into()));
        }
        // Even where the token alone is enough, a colleague's token or a reference is not.
        for token in [Token::Bound("tomasz".into()), Token::Unbound, Token::Bad, Token::None] {
            assert_eq!(right(AgentProof::Token, &maya(false), &token, facts(true)), Right::Challenge("maya".into()));
        }
        assert_eq!(right(AgentProof::Token, &maya(false), &Token::Bound("maya".into()), facts(false)), Right::Act("maya".into()));
    }

    #[test]
    fn a_pin_stands_in_for_proof_only_with_a_token_and_only_in_its_mode() {
        let with_pin = Facts { works_on_it: true, pin_valid: true, is_vendors: false };
        let own = Token::Bound("maya".into());
        assert_eq!(right(AgentProof::TokenPin, &maya(false), &own, with_pin), Right::Act("maya".into()));
        assert_eq!(right(AgentProof::TokenPin, &maya(false), &own, facts(true)), Right::Challenge("maya".into()));
        assert_eq!(right(AgentProof::TokenPin, &maya(false), &Token::None, with_pin), Right::Challenge("maya".into()));
        assert_eq!(right(AgentProof::TokenSender, &maya(false), &own, with_pin), Right::Challenge("maya".into()));
    }

    #[test]
    fn whoever_is_no_agent_never_acts() {
        for mode in MODES {
            let bound = Token::Bound("maya".into());
            let all = Facts { works_on_it: true, pin_valid: true, is_vendors: false };
            assert_eq!(right(mode, &Sender::Unknown, &bound, all), Right::Challenge("maya".into()));
            assert_eq!(right(mode, &Sender::Participant, &bound, all), Right::Hold);
            assert_eq!(right(mode, &Sender::Known, &bound, all), Right::Hold);
            for sender in [Sender::Unknown, Sender::Participant, Sender::Known] {
                for token in [Token::Unbound, Token::Bad, Token::None] {
                    assert_eq!(right(mode, &sender, &token, all), Right::Ordinary);
                }
                let token = Token::Vendor("n".into());
                assert_eq!(right(mode, &sender, &token, all), Right::Hold);
                assert_eq!(right(mode, &sender, &token, Facts { is_vendors: true, ..all }), Right::Vendor("n".into()));
            }
        }
    }
}
