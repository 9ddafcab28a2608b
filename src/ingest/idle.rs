//! IDLE, RFC 2177, under our own clock.
//!
//! The library's IDLE takes the end of the connection for an interrupt and lets every keepalive of the server reset its
//! timer. Here the time is fixed when IDLE begins, whatever arrives.

use std::time::Duration;

use async_imap::imap_proto::{RequestId, Response};
use tokio::time::{Instant, timeout, timeout_at};

use super::error::IngestError;
use super::guard::Allowance;
use super::session::{Session, judge, stalled};

/// Why IDLE ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// The server told of new mail.
    News,
    /// The time is over.
    TimeUp,
    /// The server does not know IDLE after all.
    Refused,
}

/// Whether the server goes on.
enum Reply {
    Begun,
    Answered(Result<(), IngestError>),
    Other,
}

const ACT: &str = "idle";

/// Waits for news, at most `limit`. What the server had to tell before counts as well. Dropping this ends the session.
pub(super) async fn idle(session: &mut Session, limit: Duration) -> Result<Wake, IngestError> {
    let deadline = Instant::now() + limit;
    let tag = session.send(ACT, "IDLE", Allowance::NO_MAIL).await?;
    if !begin(session, &tag).await? {
        return Ok(Wake::Refused);
    }
    session.set_stall(None);
    while !session.news {
        match timeout_at(deadline, session.read(ACT, |response| reply(response, &tag))).await {
            Err(_) => break,
            // The server may end an IDLE it is tired of.
            Ok(Ok(Reply::Answered(result))) => return result.map(|()| if session.news { Wake::News } else { Wake::TimeUp }),
            Ok(Ok(Reply::Begun | Reply::Other)) => {}
            Ok(Err(error)) => return Err(error),
        }
    }
    let patience = session.deadlines.idle_done;
    session.set_stall(Some(patience));
    timeout(patience, end(session, &tag)).await.map_err(|_| stalled("end IDLE", patience))??;
    Ok(if session.news { Wake::News } else { Wake::TimeUp })
}

/// Waits for the go-ahead; false if the server refuses.
async fn begin(session: &mut Session, tag: &RequestId) -> Result<bool, IngestError> {
    let patience = session.deadlines.stall;
    let deadline = Instant::now() + patience;
    loop {
        let answer = timeout_at(deadline, session.read(ACT, |response| reply(response, tag))).await;
        match answer.map_err(|_| stalled(ACT, patience))?? {
            Reply::Begun => return Ok(true),
            Reply::Answered(Ok(()) | Err(IngestError::Refused { .. })) => return Ok(false),
            Reply::Answered(Err(error)) => return Err(error),
            Reply::Other => {}
        }
    }
}

async fn end(session: &mut Session, tag: &RequestId) -> Result<(), IngestError> {
    session.send_line("end IDLE", "DONE").await?;
    loop {
        if let Reply::Answered(result) = session.read("end IDLE", |response| reply(response, tag)).await? {
            return result;
        }
    }
}

fn reply(response: &Response<'_>, tag: &RequestId) -> Reply {
    match response {
        Response::Continue(_) => Reply::Begun,
        Response::Done { tag: answered, status, outcome } if answered == tag => {
            Reply::Answered(judge(ACT, status, outcome.information.as_deref().unwrap_or_default()))
        }
        _ => Reply::Other,
    }
}
