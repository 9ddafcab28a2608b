//! `frontdesk plan`: what a reload would change.

use super::{ask, setup};
use crate::cli::args::Common;
use crate::cli::output::{Exit, Failure, Printer};
use crate::cli::service::Request;
use crate::cli::setup::Setup;
use crate::config;
use crate::store::{Store, TicketFilter};

/// Does it. The daemon's own configuration is compared with the file by their short hashes; what differs in detail is told
/// by the daemon at `reload`, since only it knows what it runs with.
///
/// # Errors
/// The file is invalid, or the desk cannot be asked.
pub fn plan(common: &Common, printer: &Printer) -> Result<Exit, Failure> {
    let setup = setup::load(&setup::config_path(common)?, printer, "The running configuration would be kept.")?;
    super::test::refuse_failing(&setup)?;
    let changes = ask(common, printer, Request::Plan)?;
    if printer.json {
        printer.value(&changes);
        return Ok(Exit::Good);
    }
    let lines = changes["changes"].as_array().map_or(&[][..], Vec::as_slice);
    if lines.is_empty() {
        printer.line("a reload would change nothing");
    }
    for line in lines {
        printer.line(&super::cell(line));
    }
    Ok(Exit::Good)
}

/// What changes from one configuration to the other, in sentences.
#[must_use]
pub fn changes(old: &Setup, new: &Setup) -> Vec<String> {
    let side = |setup: &Setup| -> (std::sync::Arc<desk::Policy>, std::sync::Arc<config::Config>) {
        (setup.live.policy.clone(), setup.config.clone())
    };
    let ((old_policy, old_config), (new_policy, new_config)) = (side(old), side(new));
    config::diff(
        config::Side { policy: &old_policy, config: &old_config },
        config::Side { policy: &new_policy, config: &new_config },
    )
}

/// What the new configuration does to tickets that are there, in sentences.
#[must_use]
pub fn effects(store: &dyn Store, policy: &desk::Policy, at: jiff::Timestamp) -> Vec<String> {
    let open: Vec<desk::Status> = desk::Status::ALL.into_iter().filter(|status| status.is_active()).collect();
    let tickets = store.tickets(&TicketFilter { status: open, ..TicketFilter::default() });
    let moved = tickets.iter().filter(|ticket| {
        let next = desk::agenda::under(policy, ticket, at);
        !desk::agenda::promises_equal(ticket, &next)
    });
    let moved = moved.count();
    let mut lines = Vec::new();
    if moved > 0 {
        lines.push(format!("{moved} open tickets get a new due time or reminder"));
    }
    let count = |what: &str, is_gone: &dyn Fn(&desk::Ticket) -> bool| {
        let gone = tickets.iter().filter(|ticket| is_gone(ticket)).count();
        (gone > 0).then(|| format!("{gone} open tickets have {what} that is no longer there"))
    };
    lines.extend(count("a team", &|ticket| ticket.team.as_ref().is_some_and(|team| !policy.teams.contains_key(team))));
    lines.extend(count("an owner", &|ticket| ticket.owner.as_ref().is_some_and(|owner| !policy.agents.contains_key(owner))));
    lines.extend(count("a type", &|ticket| !policy.types.contains_key(&ticket.ticket_type)));
    lines.extend(count("an inbox", &|ticket| !policy.inboxes.contains_key(&ticket.inbox)));
    lines
}
