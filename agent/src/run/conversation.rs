//! One agent's side of the conversation: what is said to the server next, and what each of its answers changes. No network,
//! no clock, no waiting: `hand_over` does these, and the simulation plays them.
//! It does not collect; it asks for collecting when the server wants everything.
//! Invariant: a batch leaves the spool only when the server acknowledged it or refused it for good.

use crate::spool::{Spool, SpoolFault, Waiting, chain};
use crate::status::{LastRefusal, RunStatus, Sending};
use crate::submit::{Answer, Consequence, consequence};
use daicho_schemas::refusal::Refusal;
use daicho_schemas::time::UtcMicros;
use daicho_schemas::wire::{BatchAnswer, CheckIn, CheckInAnswer};
use std::time::Duration;

/// What is said to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Say {
    /// This batch.
    Batch(Waiting),
    /// That we are alive, and which state we believe it has.
    CheckIn(CheckIn),
}

/// What to do after one thing was said to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// There may be more to hand over.
    More,
    /// A batch was refused: the server's own number is asked for at once, as what is told anew must have a higher one.
    Ask,
    /// Nothing waits.
    Idle,
    /// The server wants everything anew. After a refused full report not at once: it might be refused again.
    Recollect {
        /// The refused batch was itself in full.
        was_full: bool,
    },
    /// Try again later, not before the time that the server asked for.
    Later {
        /// How long the server asks to wait.
        asked: Option<Duration>,
    },
    /// Send nothing more until a person acts.
    Stop,
}

/// What the agent knows of itself and its server while it runs.
#[derive(Debug)]
pub struct Conversation {
    /// What waits, and what both sides agree on.
    pub spool: Spool,
    /// How it goes, for people.
    pub status: RunStatus,
    /// Nothing changed since the last time the server was spoken to: say that we are alive.
    check_in_due: bool,
    /// A batch was refused, and whether it was in full.
    refused: Option<bool>,
}

impl Conversation {
    /// Begins with saying that we are alive.
    pub fn new(spool: Spool, mut status: RunStatus) -> Self {
        (status.sending, status.obstacle) = Default::default();
        Self { spool, status, check_in_due: true, refused: None }
    }

    /// A look on schedule found nothing new.
    pub fn nothing_new(&mut self) {
        self.check_in_due = true;
    }

    /// What to say now: the oldest batch first, then a check-in when one is due. `Err` says what to do instead.
    pub fn say(&mut self) -> Result<Say, Next> {
        if self.refused.is_some() {
            return Ok(Say::CheckIn(self.spool.check_in()));
        }
        match self.spool.oldest() {
            Ok(Some(waiting)) => Ok(Say::Batch(waiting)),
            Ok(None) if self.check_in_due => Ok(Say::CheckIn(self.spool.check_in())),
            Ok(None) => Err(Next::Idle),
            Err(fault) => {
                tracing::error!(fault = %chain(&fault), "the spool cannot be read");
                self.obstacle(Sending::Waiting, chain(&fault));
                Err(Next::Later { asked: None })
            }
        }
    }

    /// The server answered a batch, or was not reached (why, in one line).
    pub fn batch_answered(
        &mut self,
        waiting: &Waiting,
        answer: Result<Answer<BatchAnswer>, String>,
        now: UtcMicros,
    ) -> Next {
        self.heard(&answer, now);
        match answer {
            Ok(Answer::Yes(BatchAnswer { entry_seq, admitted, number })) if number == waiting.number => {
                tracing::info!(batch.number = number, entry.seq = entry_seq, ?admitted, "acknowledged");
                self.status.acknowledged_at = Some(now);
                // A batch says all that a check-in would.
                self.check_in_due = false;
                self.clear_obstacle();
                let kept = self.spool.acknowledge(number);
                self.kept_or_later(kept).unwrap_or(Next::More)
            }
            Ok(Answer::Yes(other)) => {
                self.unclear(format!("the server acknowledged batch {} instead", other.number), None)
            }
            Ok(Answer::Refused { refusal, asked }) => self.refused_batch(waiting, &refusal, asked, now),
            Ok(Answer::Unclear { why, asked }) => self.unclear(why, asked),
            Err(why) => self.unreachable(why),
        }
    }

    fn refused_batch(&mut self, waiting: &Waiting, refusal: &Refusal, asked: Option<Duration>, now: UtcMicros) -> Next {
        tracing::warn!(batch.number = waiting.number, refusal = %refusal, "the server refused a batch");
        self.remember(refusal, now);
        let ahead_of_us_too = waiting.finished_at > now;
        match consequence(refusal.code) {
            Consequence::Recollect => self.give_up_and_ask(waiting, refusal),
            // Our own clock was set back since: the date in the batch will not come true for long.
            Consequence::WaitForClock if ahead_of_us_too => self.give_up_and_ask(waiting, refusal),
            Consequence::WaitForClock | Consequence::RetryLater => {
                self.obstacle(Sending::Waiting, refusal.to_string());
                Next::Later { asked }
            }
            Consequence::StopSending => self.stop(refusal),
        }
    }

    fn give_up_and_ask(&mut self, waiting: &Waiting, refusal: &Refusal) -> Next {
        let kept = self.spool.refuse(waiting.number, refusal);
        self.kept_or_later(kept).unwrap_or_else(|| {
            self.refused = Some(waiting.full);
            Next::Ask
        })
    }

    /// The server answered a check-in, or was not reached (why, in one line).
    pub fn check_in_answered(&mut self, answer: Result<Answer<CheckInAnswer>, String>, now: UtcMicros) -> Next {
        self.heard(&answer, now);
        let next = match answer {
            Ok(Answer::Yes(CheckInAnswer { number, full_wanted })) => {
                self.check_in_due = false;
                self.clear_obstacle();
                tracing::info!(server.number = number, full_wanted, "checked in");
                self.spool.heard_from_server(number, full_wanted);
                Next::Idle
            }
            Ok(Answer::Refused { refusal, asked }) => {
                tracing::warn!(refusal = %refusal, "the server refused a check-in");
                self.remember(&refusal, now);
                if consequence(refusal.code) == Consequence::StopSending {
                    self.stop(&refusal)
                } else {
                    self.obstacle(Sending::Waiting, refusal.to_string());
                    Next::Later { asked }
                }
            }
            Ok(Answer::Unclear { why, asked }) => self.unclear(why, asked),
            Err(why) => self.unreachable(why),
        };
        match self.refused.take() {
            Some(was_full) if next != Next::Stop => Next::Recollect { was_full },
            _ => next,
        }
    }

    /// The server refused something else, such as the next certificate.
    pub fn remember(&mut self, refusal: &Refusal, now: UtcMicros) {
        let words = |text: &str, remedy: &str| format!("{text} {} {remedy}", refusal.detail);
        self.status.last_refusal = Some(LastRefusal {
            at: now,
            code: refusal.code,
            ja: words(&refusal.text.ja, &refusal.remedy.ja),
            en: words(&refusal.text.en, &refusal.remedy.en),
        });
    }

    /// Notes that the server answered.
    fn heard<T>(&mut self, answer: &Result<Answer<T>, String>, now: UtcMicros) {
        if matches!(answer, Ok(Answer::Yes(_) | Answer::Refused { .. })) {
            self.status.heard_at = Some(now);
        }
    }

    fn stop(&mut self, refusal: &Refusal) -> Next {
        tracing::error!(refusal = %refusal, "the server wants nothing more of this agent; collecting goes on into the spool");
        self.obstacle(Sending::Stopped, refusal.to_string());
        Next::Stop
    }

    fn kept_or_later(&mut self, kept: Result<(), SpoolFault>) -> Option<Next> {
        let fault = kept.err()?;
        tracing::error!(fault = %chain(&fault), "the spool could not be changed; tried again later");
        self.obstacle(Sending::Waiting, chain(&fault));
        Some(Next::Later { asked: None })
    }

    fn unclear(&mut self, why: String, asked: Option<Duration>) -> Next {
        tracing::warn!(why, "the answer was not understood; tried again later");
        self.obstacle(Sending::Waiting, why);
        Next::Later { asked }
    }

    fn unreachable(&mut self, why: String) -> Next {
        tracing::warn!(fault = why, "the server was not reached; tried again later");
        self.obstacle(Sending::Waiting, why);
        Next::Later { asked: None }
    }

    fn obstacle(&mut self, sending: Sending, text: String) {
        (self.status.sending, self.status.obstacle) = (sending, Some(text));
    }

    fn clear_obstacle(&mut self) {
        (self.status.sending, self.status.obstacle) = (Sending::Ready, None);
    }
}
