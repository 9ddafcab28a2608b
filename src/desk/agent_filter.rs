//! Rules that sort the desk's mails in an agent's own mail program, ready to be imported there. They look at List-Id, which
//! every mail of the desk has, and at `X-Frontdesk-*`, where the program can.

use crate::policy::{Agent, Policy};

/// A mail program, or the language of a mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `mailFilters.xml`.
    Gmail,
    /// Steps for a person: it imports no text.
    Outlook,
    /// RFC 5228.
    Sieve,
    /// `msgFilterRules.dat`.
    Thunderbird,
}

impl Program {
    /// All.
    pub const ALL: [Self; 4] = [Self::Gmail, Self::Outlook, Self::Sieve, Self::Thunderbird];

    /// As written on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gmail => "gmail",
            Self::Outlook => "outlook",
            Self::Sieve => "sieve",
            Self::Thunderbird => "thunderbird",
        }
    }
}

/// The rules for one agent; `None` where agents do not work by mail.
#[must_use]
pub fn filters(policy: &Policy, agent: &Agent, program: Program) -> Option<String> {
    let desk = policy.agent_mail.as_ref()?;
    let lists: Vec<List> = policy
        .inboxes
        .values()
        .map(|inbox| List {
            id: format!("{}.{}.{}", inbox.name, desk.address.local(), desk.address.domain()),
            label: inbox.label.chars().filter(|c| !c.is_control() && !"\"'<>&\\/".contains(*c)).collect(),
        })
        .collect();
    Some(match program {
        Program::Gmail => gmail(&lists),
        Program::Outlook => outlook(&lists, &agent.label),
        Program::Sieve => sieve(&lists),
        Program::Thunderbird => thunderbird(&lists),
    })
}

/// What the mails of one inbox bear.
struct List {
    id: String,
    label: String,
}

fn gmail(lists: &[List]) -> String {
    let mut out = String::from(
        "<?xml version='1.0' encoding='UTF-8'?>\n\
         <!-- Gmail: Settings, Filters and Blocked Addresses, Import filters. -->\n\
         <feed xmlns='http://www.w3.org/2005/Atom' xmlns:apps='http://schemas.google.com/apps/2006'>\n\
         \x20 <title>Mail Filters</title>\n",
    );
    for list in lists {
        out.push_str(&format!(
            "  <entry>\n    <category term='filter'></category>\n    <title>Mail Filter</title>\n    <content></content>\n    \
             <apps:property name='hasTheWord' value='list:({})'/>\n    <apps:property name='label' value='Desk/{}'/>\n    \
             <apps:property name='shouldNeverSpam' value='true'/>\n  </entry>\n",
            list.id, list.label
        ));
    }
    out.push_str("</feed>\n");
    out
}

fn outlook(lists: &[List], name: &str) -> String {
    let mut out = format!(
        "Outlook imports no rules as text. For {name}, once for each line below:\n\
         \x20 Rules, Manage Rules, New Rule, Apply rule on messages I receive,\n\
         \x20 \"with specific words in the message header\", then the words, then \"move it to the specified folder\".\n\n"
    );
    out.push_str("  X-Frontdesk-Why: owner        folder Desk\\Mine, and \"stop processing more rules\"\n");
    for list in lists {
        out.push_str(&format!("  <{}>        folder Desk\\{}\n", list.id, list.label));
    }
    out
}

fn sieve(lists: &[List]) -> String {
    let mut out = String::from(
        "# RFC 5228; RFC 5490 makes folders that are missing, RFC 5232 sets flags.\n\
         require [\"fileinto\", \"mailbox\", \"imap4flags\"];\n",
    );
    for list in lists {
        out.push_str(&format!(
            "\nif header :contains \"List-Id\" \"<{}>\" {{\n    \
             if header :is \"X-Frontdesk-Priority\" [\"urgent\", \"high\"] {{\n        addflag \"\\\\Flagged\";\n    }}\n    \
             if header :is \"X-Frontdesk-Why\" \"owner\" {{\n        fileinto :create \"Desk/Mine\";\n        stop;\n    }}\n    \
             fileinto :create \"Desk/{}\";\n    stop;\n}}\n",
            list.id, list.label
        ));
    }
    out
}

/// `type` 17 is "new mail, and when asked"; conditions on other headers than the usual need them to be known by name.
fn thunderbird(lists: &[List]) -> String {
    let mut out = String::from("version=\"9\"\nlogging=\"no\"\n");
    let mut rule = |name: &str, tag: &str, condition: &str| {
        out.push_str(&format!(
            "name=\"{name}\"\nenabled=\"yes\"\ntype=\"17\"\naction=\"AddTag\"\nactionValue=\"{tag}\"\ncondition=\"{condition}\"\n"
        ));
    };
    for list in lists {
        let of_list = format!("(\\\"List-Id\\\",contains,{})", list.id);
        rule(&format!("Desk {}: mine", list.label), "$label1", &format!("AND {of_list} AND (\\\"X-Frontdesk-Why\\\",is,owner)"));
        rule(&format!("Desk {}", list.label), "$label4", &format!("AND {of_list}"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn each_program_gets_what_it_imports() {
        let policy = sample::policy();
        let maya = &policy.agents[&"maya".into()];
        for program in Program::ALL {
            let shown = filters(&policy, maya, program).expect("agents work by mail");
            sample::expect(&format!("filter.{}", program.as_str()), &shown);
            for inbox in policy.inboxes.values() {
                let list = format!("{}.desk.fernhill.example", inbox.name);
                assert!(shown.contains(&list), "{program:?}: {shown}");
            }
        }
    }
}
