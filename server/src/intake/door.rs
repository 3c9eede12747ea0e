//! The door: the one thread that owns the keeper, and the way for any number of callers to ask it.
//! It does not know HTTP or JSON, nor how something is admitted; `keeper` does.
//! Invariant: what waits is bounded, and when the door has closed, everything that was answered is on disk.

use super::keeper::{Desk, GROUP_MAX, Keeper, Known, Receipt};
use super::submission::Submission;
use crate::ledger::entry::Author;
use daicho_schemas::fact::Fact;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::text::Text;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::oneshot;

/// Submissions that may wait at the door before new ones are turned away.
const WAITING_MAX: usize = 1024;

enum Message {
    Submit(Box<Submission>, oneshot::Sender<Result<Receipt, Refusal>>),
    /// Somebody else may have appended; who waits for the look is told when it was done.
    Look(Option<oneshot::Sender<()>>),
    Stop(oneshot::Sender<()>),
}

/// The way in, for any number of callers.
#[derive(Clone)]
pub struct Door {
    sender: SyncSender<Message>,
    lost: Arc<OnceLock<Text>>,
}

impl Door {
    /// Opens the door in front of a model that stands at `known`.
    pub fn open(desk: Desk, known: Known) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let lost = Arc::new(OnceLock::new());
        let telling = Arc::clone(&lost);
        std::thread::Builder::new().name("door".into()).spawn(move || {
            let keeper = Keeper::new(desk, known);
            let work = move || keep(keeper, &receiver, &telling);
            let kept = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            if kept.is_err() {
                // A fold that panicked may have left half a state behind; the ledger itself is whole. Start anew.
                tracing::error!(
                    "the model failed while folding; stopping so that a restart rebuilds it from the ledger"
                );
                std::process::exit(70);
            }
        })?;
        Ok(Self { sender, lost })
    }

    /// Asks to enter. Returns when the fact is on disk and folded, or is refused.
    pub async fn admit(&self, submission: Submission) -> Result<Receipt, Refusal> {
        let (answer, answered) = oneshot::channel();
        let message = Message::Submit(Box::new(submission), answer);
        self.sender.try_send(message).map_err(|error| match error {
            TrySendError::Full(_) => Refusal::new(RefusalCode::Overloaded),
            TrySendError::Disconnected(_) => Refusal::new(RefusalCode::LedgerReadOnly),
        })?;
        answered.await.unwrap_or_else(|_| Err(RefusalCode::LedgerReadOnly.into()))
    }

    /// States something in this server's own name. Returns when it is on disk and folded, or says why it is not.
    pub async fn state(&self, fact: Fact) -> anyhow::Result<Receipt> {
        Ok(self.admit(Submission::stated(Author::Server, fact)?).await?)
    }

    /// Why nothing may enter here any more, in words for people: an entry of others could not be followed.
    pub fn trouble(&self) -> Option<Text> {
        self.lost.get().cloned()
    }

    /// Says that somebody else may have appended, so that it is folded soon. Never waits.
    pub fn look(&self) {
        // A full door is busy and will find out by itself when it appends.
        let _woken = self.sender.try_send(Message::Look(None));
    }

    /// Waits until what others have appended is folded. Whoever is about to say that something is unknown asks this first:
    /// another instance may know it for a moment longer.
    pub async fn catch_up(&self) {
        let (looked, done) = oneshot::channel();
        if self.sender.try_send(Message::Look(Some(looked))).is_ok() {
            // A door that closes meanwhile leaves the model as it is.
            let _looked = done.await;
        }
    }

    /// Lets what is waiting enter, keeps a snapshot and closes.
    pub async fn close(&self) {
        let (done, finished) = oneshot::channel();
        let sender = self.sender.clone();
        let sent = tokio::task::spawn_blocking(move || sender.send(Message::Stop(done)).is_ok()).await;
        if matches!(sent, Ok(true)) {
            // The thread drops the sender only after its last write.
            let _closed = finished.await;
        }
    }
}

fn keep(mut keeper: Keeper, receiver: &Receiver<Message>, lost: &OnceLock<Text>) {
    loop {
        // Before anything was asked too: a crash may have come between a turn and its notice.
        keeper.work();
        if let Some(seq) = keeper.lost_at() {
            let _first = lost.set(lost_track(seq));
        }
        keeper.snapshot_if_due(false);
        if let Some(done) = gather(&mut keeper, receiver) {
            keeper.work();
            keeper.snapshot_if_due(true);
            // Who waits may open the same ledger next: what the keeper holds open is closed first.
            drop(keeper);
            let _told = done.send(());
            return;
        }
    }
}

fn lost_track(seq: u64) -> Text {
    Text::new(
        format!(
            "記録 {seq} をこの版は読めません。より新しい版が書いたか、壊れています。表示はその手前までで、書き込みは止まっています。このサーバーを更新し、`daicho verify` で確かめてください。"
        ),
        format!(
            "Entry {seq} cannot be read by this release: a newer one wrote it, or it is damaged. What you see ends before it, and nothing can be written here. Upgrade this server, and check with `daicho verify`."
        ),
    )
}

/// Waits for something to do, then takes what is there. Returns the stop signal once it has come.
fn gather(keeper: &mut Keeper, receiver: &Receiver<Message>) -> Option<oneshot::Sender<()>> {
    const WAIT: Duration = Duration::from_secs(3600);
    let mut look = false;
    let mut looking = Vec::new();
    let mut next = match receiver.recv_timeout(WAIT) {
        Ok(message) => Some(message),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => return Some(oneshot::channel().0),
    };
    while let Some(message) = next {
        match message {
            Message::Submit(submission, answer) => keeper.offer(*submission, Some(answer)),
            Message::Look(done) => {
                look = true;
                looking.extend(done);
            }
            Message::Stop(done) => return Some(done),
        }
        next = if keeper.waiting() < GROUP_MAX { receiver.try_recv().ok() } else { None };
    }
    if look && let Err(fault) = keeper.catch_up() {
        tracing::warn!(%fault, "what others appended could not be read; trying again when something moves");
    }
    for done in looking {
        // Whoever asked may have gone away.
        let _told = done.send(());
    }
    None
}
