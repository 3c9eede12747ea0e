//! Agents that remember more than this ledger: it was restored from an older copy, or its end was lost.
//! It does not decide what such an agent may do. Invariant: people are told in the ledger, once for each sign and start, and
//! nothing that an agent claims opens a door: an agent that is not known may be one whose revocation is missing, too.

use super::App;
use crate::book::entries_missing;
use daicho_schemas::fact::Fact;
use daicho_schemas::fact::decision::FaultReported;
use daicho_schemas::ids::AgentId;
use daicho_schemas::text::Text;
use std::sync::atomic::{AtomicBool, Ordering};

/// Which signs were told since the start.
#[derive(Debug, Default)]
pub struct SetBack {
    forgot_batches: AtomicBool,
    forgot_agents: AtomicBool,
}

impl App {
    /// An agent saw a batch acknowledged whose number is higher than any that is known here.
    pub async fn knows_a_later_batch(&self, agent_id: &AgentId, number: u64, known: u64) {
        let what = Text::new(
            format!(
                "この台帳より新しいことをエージェントが覚えています：{agent_id} にはバッチ {number} の受理が返されていますが、ここにあるのは {known} までです。古い控えから戻したか、末尾の記録が失われています。"
            ),
            format!(
                "An agent remembers more than this ledger: {agent_id} had batch {number} acknowledged, and the last one here is \
                 {known}. The ledger was restored from an older copy, or its end was lost."
            ),
        );
        self.tell_set_back(&self.set_back.forgot_batches, what, entries_missing()).await;
    }

    /// An agent showed a certificate of this server's authority, and no entry says that it enrolled.
    pub async fn certified_and_unknown(&self, agent_id: &AgentId) {
        let what = Text::new(
            format!(
                "このサーバーの認証局が証明書を発行したエージェント {agent_id} の登録が、この台帳にありません。古い控えから戻したか、末尾の記録が失われています。"
            ),
            format!(
                "{agent_id} holds a certificate of this server's authority, and this ledger knows no enrolment of it. The ledger \
                 was restored from an older copy, or its end was lost."
            ),
        );
        let done = Text::new(
            "受け入れていません（失効の記録も失われている可能性があります）。より新しい控えがあればそれに戻してください。なければ、ホストを確かめた上で再登録してください。",
            "It was not let in: its revocation may be missing, too. Bring back a later copy if there is one; otherwise look at \
             the host and enrol it anew.",
        );
        self.tell_set_back(&self.set_back.forgot_agents, what, done).await;
    }

    async fn tell_set_back(&self, told: &AtomicBool, what: Text, done: Text) {
        if told.swap(true, Ordering::SeqCst) {
            return;
        }
        tracing::error!(what = what.en, "the ledger was set back");
        if let Err(error) = self.door.state(Fact::FaultReported(FaultReported { what, done })).await {
            tracing::warn!(%error, "that the ledger was set back could not be written; tried again with the next sign");
            told.store(false, Ordering::SeqCst);
        }
    }
}
