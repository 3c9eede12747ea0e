//! Handing over: the oldest batch first, then a check-in when one is due, and the certificate in time.
//! It does not collect; it asks for collecting when the server wants everything.
//! Invariant: a batch leaves the spool only when the server acknowledged it or refused it for good.

use super::Agent;
use crate::spool::{Waiting, chain};
use crate::status::{LastRefusal, Sending};
use crate::submit::{Answer, Client, ClientFault, Consequence, consequence};
use daicho_schemas::refusal::Refusal;
use daicho_schemas::time::UtcMicros;
use daicho_schemas::wire::{BatchAnswer, Certificate, CheckInAnswer};
use std::time::Duration;

/// Between two tries to renew a certificate that still serves.
const RENEW_AGAIN_SECONDS: i64 = 600;

/// What to do after one thing was said to the server.
pub(super) enum Next {
    /// There may be more to hand over.
    More,
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

impl Agent {
    /// Hands over whatever comes, for ever.
    pub(super) async fn hand_over_for_ever(&self) {
        loop {
            match self.hand_over_one().await {
                Next::More => self.backoff.borrow_mut().succeeded(),
                Next::Idle => tokio::select! {
                    () = self.send_wanted.notified() => {}
                    () = self.sleep_until_renewal() => {}
                },
                Next::Recollect { was_full } => {
                    if was_full {
                        self.pause(None).await;
                    }
                    self.collect_wanted.notify_one();
                }
                Next::Later { asked } => self.pause(asked).await,
                Next::Stop => std::future::pending().await,
            }
        }
    }

    async fn pause(&self, asked: Option<Duration>) {
        let wait = self.backoff.borrow_mut().failed(asked);
        tokio::time::sleep(wait).await;
    }

    /// One thing: the renewal if it is due, the oldest batch, or a check-in.
    pub(super) async fn hand_over_one(&self) -> Next {
        if (self.clock)() >= self.renew_at() {
            self.renew().await;
        }
        let oldest = self.spool.borrow_mut().oldest();
        let next = match oldest {
            Ok(Some(waiting)) => self.send(waiting).await,
            Ok(None) if self.check_in_due.get() => {
                let next = self.check_in().await;
                if matches!(next, Next::Idle) {
                    // Only here: the check-in after a refusal must not shorten the wait that the refusal earned.
                    self.backoff.borrow_mut().succeeded();
                }
                next
            }
            Ok(None) => return Next::Idle,
            Err(fault) => {
                tracing::error!(fault = %chain(&fault), "the spool cannot be read");
                self.obstacle(Sending::Waiting, chain(&fault));
                Next::Later { asked: None }
            }
        };
        self.write_status();
        next
    }

    async fn send(&self, waiting: Waiting) -> Next {
        let client = self.client.borrow().clone();
        let answer = client.send_batch(waiting.bytes.clone()).await;
        match self.heard(answer) {
            Ok(Answer::Yes(BatchAnswer { entry_seq, admitted, number })) if number == waiting.number => {
                tracing::info!(batch.number = number, entry.seq = entry_seq, ?admitted, "acknowledged");
                self.status.borrow_mut().acknowledged_at = Some((self.clock)());
                // A batch says all that a check-in would.
                self.check_in_due.set(false);
                self.clear_obstacle();
                self.keep_or_wait(self.spool.borrow_mut().acknowledge(number).map(|()| Next::More))
            }
            Ok(Answer::Yes(other)) => {
                self.unclear(format!("the server acknowledged batch {} instead", other.number), None)
            }
            Ok(Answer::Refused { refusal, asked }) => match self.refused_batch(&waiting, &refusal, asked) {
                // The server's own number first: what is told anew must have a higher one.
                Next::Recollect { was_full } => match self.check_in().await {
                    Next::Stop => Next::Stop,
                    _ => Next::Recollect { was_full },
                },
                next => next,
            },
            Ok(Answer::Unclear { why, asked }) => self.unclear(why, asked),
            Err(fault) => self.unreachable(&fault),
        }
    }

    fn refused_batch(&self, waiting: &Waiting, refusal: &Refusal, asked: Option<Duration>) -> Next {
        tracing::warn!(batch.number = waiting.number, refusal = %refusal, "the server refused a batch");
        self.remember(refusal);
        let ahead_of_us_too = waiting.finished_at > (self.clock)();
        let was_full = waiting.full;
        match consequence(refusal.code) {
            Consequence::Recollect => self.give_up_and_recollect(waiting, refusal, was_full),
            // Our own clock was set back since: the date in the batch will not come true for long.
            Consequence::WaitForClock if ahead_of_us_too => self.give_up_and_recollect(waiting, refusal, was_full),
            Consequence::WaitForClock | Consequence::RetryLater => {
                self.obstacle(Sending::Waiting, refusal.to_string());
                Next::Later { asked }
            }
            Consequence::StopSending => self.stop(refusal),
        }
    }

    fn give_up_and_recollect(&self, waiting: &Waiting, refusal: &Refusal, was_full: bool) -> Next {
        self.keep_or_wait(
            self.spool.borrow_mut().refuse(waiting.number, refusal).map(|()| Next::Recollect { was_full }),
        )
    }

    fn stop(&self, refusal: &Refusal) -> Next {
        tracing::error!(refusal = %refusal, "the server wants nothing more of this agent; collecting goes on into the spool");
        self.obstacle(Sending::Stopped, refusal.to_string());
        self.write_status();
        Next::Stop
    }

    async fn check_in(&self) -> Next {
        let client = self.client.borrow().clone();
        let question = self.spool.borrow().check_in();
        match self.heard(client.check_in(&question).await) {
            Ok(Answer::Yes(CheckInAnswer { number, full_wanted })) => {
                self.check_in_due.set(false);
                self.clear_obstacle();
                tracing::info!(server.number = number, full_wanted, "checked in");
                let mut spool = self.spool.borrow_mut();
                spool.heard_from_server(number, full_wanted);
                if spool.full_wanted() {
                    self.collect_wanted.notify_one();
                }
                Next::Idle
            }
            Ok(Answer::Refused { refusal, asked }) => {
                tracing::warn!(refusal = %refusal, "the server refused a check-in");
                self.remember(&refusal);
                if consequence(refusal.code) == Consequence::StopSending {
                    return self.stop(&refusal);
                }
                self.obstacle(Sending::Waiting, refusal.to_string());
                Next::Later { asked }
            }
            Ok(Answer::Unclear { why, asked }) => self.unclear(why, asked),
            Err(fault) => self.unreachable(&fault),
        }
    }

    /// Notes that the server answered.
    fn heard<T>(&self, answer: Result<Answer<T>, ClientFault>) -> Result<Answer<T>, ClientFault> {
        if matches!(answer, Ok(Answer::Yes(_) | Answer::Refused { .. })) {
            self.status.borrow_mut().heard_at = Some((self.clock)());
        }
        answer
    }

    fn keep_or_wait(&self, result: Result<Next, crate::spool::SpoolFault>) -> Next {
        result.unwrap_or_else(|fault| {
            tracing::error!(fault = %chain(&fault), "the spool could not be changed; tried again later");
            self.obstacle(Sending::Waiting, chain(&fault));
            Next::Later { asked: None }
        })
    }

    fn unclear(&self, why: String, asked: Option<Duration>) -> Next {
        tracing::warn!(why, "the answer was not understood; tried again later");
        self.obstacle(Sending::Waiting, why);
        Next::Later { asked }
    }

    fn unreachable(&self, fault: &ClientFault) -> Next {
        tracing::warn!(fault = %chain(fault), "the server was not reached; tried again later");
        self.obstacle(Sending::Waiting, chain(fault));
        Next::Later { asked: None }
    }

    fn obstacle(&self, sending: Sending, text: String) {
        let mut status = self.status.borrow_mut();
        (status.sending, status.obstacle) = (sending, Some(text));
    }

    fn clear_obstacle(&self) {
        let mut status = self.status.borrow_mut();
        (status.sending, status.obstacle) = (Sending::Ready, None);
    }

    fn remember(&self, refusal: &Refusal) {
        let words = |text: &str, remedy: &str| format!("{text} {} {remedy}", refusal.detail);
        self.status.borrow_mut().last_refusal = Some(LastRefusal {
            at: (self.clock)(),
            code: refusal.code,
            ja: words(&refusal.text.ja, &refusal.remedy.ja),
            en: words(&refusal.text.en, &refusal.remedy.en),
        });
    }

    /// The instant is fixed per certificate, as the jitter comes from the agent's own id; later after a failed try.
    fn renew_at(&self) -> UtcMicros {
        let identity = self.identity.borrow();
        let bytes = identity.agent_id.as_str().bytes();
        let due_at = identity.renew_at(bytes.fold(0_u64, |sum, byte| (sum * 31 + u64::from(byte)) % 1000));
        self.renew_again_at.get().map_or(due_at, |again_at| again_at.max(due_at))
    }

    async fn sleep_until_renewal(&self) {
        let seconds = self.renew_at().seconds_since((self.clock)()).max(0);
        // A clock that is set meanwhile must not make us miss it by more than an hour.
        let seconds = u64::try_from(seconds).unwrap_or(0).clamp(1, super::SLEEP_SECONDS_MAX);
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    /// Asks for the next certificate. When that fails the present one serves on until it expires.
    async fn renew(&self) {
        self.renew_again_at.set(Some((self.clock)().plus_seconds(RENEW_AGAIN_SECONDS)));
        let client = self.client.borrow().clone();
        let agent = self.identity.borrow().agent_id.clone();
        match client.renew(&self.key, &agent).await {
            Ok(Answer::Yes(certificate)) => self.take_certificate(certificate),
            Ok(Answer::Refused { refusal, .. }) => {
                tracing::warn!(refusal = %refusal, "the certificate was not renewed");
                self.remember(&refusal);
            }
            Ok(Answer::Unclear { why, .. }) => tracing::warn!(why, "the certificate was not renewed"),
            Err(fault) => tracing::warn!(fault = %chain(&fault), "the certificate was not renewed"),
        }
    }

    fn take_certificate(&self, certificate: Certificate) {
        let mut next = self.identity.borrow().clone();
        if certificate.agent_id != next.agent_id {
            tracing::error!("the renewed certificate is for another agent and was not taken");
            return;
        }
        next.certificate_pem = certificate.certificate_pem;
        next.ca_pem = certificate.ca_pem;
        next.obtained_at = (self.clock)();
        next.expires_at = certificate.expires_at;
        // A way to the server is made before the old one is given up.
        match Client::new(&next, &self.key).map(|client| (client, next.save(&self.state))) {
            Ok((client, Ok(()))) => {
                tracing::info!(until = %next.expires_at, "the certificate was renewed");
                *self.client.borrow_mut() = client;
                *self.identity.borrow_mut() = next;
            }
            Ok((_, Err(fault))) => tracing::error!(fault = %chain(&fault), "the renewed certificate could not be kept"),
            Err(fault) => tracing::error!(fault = %chain(&fault), "the renewed certificate cannot be used"),
        }
    }
}
