//! Handing over: what the conversation wants said, said over the network, and the certificate renewed in time.
//! It does not decide what an answer means; `conversation` does.
//! Invariant: nothing is borrowed while the network is waited for, so collecting goes on meanwhile.

use super::Agent;
use super::conversation::{Next, Say};
use crate::spool::chain;
use crate::submit::{Answer, Client, ClientFault};
use daicho_schemas::time::UtcMicros;
use daicho_schemas::wire::Certificate;
use std::time::Duration;

/// Between two tries to renew a certificate that still serves.
const RENEW_AGAIN_SECONDS: i64 = 600;
/// After the server wanted nothing more of this agent, until it is asked again.
const STOPPED_FOR: Duration = Duration::from_secs(3600);

impl Agent {
    /// Hands over whatever comes, for ever.
    pub(super) async fn hand_over_for_ever(&self) {
        loop {
            match self.hand_over_one().await {
                Next::More => self.backoff.borrow_mut().succeeded(),
                Next::Ask => {}
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
                // The server may have been restored from a copy that does not know this agent, and may yet get the right one.
                Next::Stop => tokio::time::sleep(STOPPED_FOR).await,
            }
        }
    }

    async fn pause(&self, asked: Option<Duration>) {
        let wait = self.backoff.borrow_mut().failed(asked);
        tokio::time::sleep(wait).await;
    }

    /// One thing: the renewal if it is due, then the oldest batch or a check-in.
    pub(super) async fn hand_over_one(&self) -> Next {
        if (self.clock)() >= self.renew_at() {
            self.renew().await;
        }
        let say = self.conversation.borrow_mut().say();
        let client = self.client.borrow().clone();
        let next = match say {
            Ok(Say::Batch(waiting)) => {
                let answer = client.send_batch(waiting.bytes.clone()).await.map_err(in_one_line);
                self.conversation.borrow_mut().batch_answered(&waiting, answer, (self.clock)())
            }
            Ok(Say::CheckIn(question)) => {
                let answer = client.check_in(&question).await.map_err(in_one_line);
                let next = self.conversation.borrow_mut().check_in_answered(answer, (self.clock)());
                if next == Next::Idle {
                    // Only here: the check-in after a refusal must not shorten the wait that the refusal earned.
                    self.backoff.borrow_mut().succeeded();
                    if self.conversation.borrow().spool.full_wanted() {
                        self.collect_wanted.notify_one();
                    }
                }
                next
            }
            Err(Next::Idle) => return Next::Idle,
            Err(next) => next,
        };
        self.write_status();
        next
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
                self.conversation.borrow_mut().remember(&refusal, (self.clock)());
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

fn in_one_line(fault: ClientFault) -> String {
    chain(&fault)
}
