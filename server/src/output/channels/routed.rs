//! The recipients of a routing file as channels: what is urgent goes out at once as a letter, or everything as a document.
//! It does not know who leads or what was delivered before. Invariant: a message's key follows from the ledger's entry and the
//! recipient's name, whoever sends it and however often.

use super::feed::Stated;
use super::mail::{Mailer, read_secret};
use super::webhook::Webhook;
use super::{Channel, Delivered, Undelivered};
use crate::intake::alerts::parse_alerts;
use crate::model::Model;
use crate::output::alerts::letter::Letter;
use crate::output::alerts::routing::Item;
use crate::output::alerts::{reminder, urgent};
use anyhow::Context as _;
use daicho_schemas::alerts::{ALERTS_BYTES_MAX, AlertsFile, Recipient};
use daicho_schemas::canonical::Hash;
use daicho_schemas::fact::decision::Notice;
use daicho_schemas::fact::duty::Reminders;
use daicho_schemas::time::UtcMicros;
use lettre::Address;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::sleep;

/// How long a message may wait until the model has read the entry that it is about: looks, and the pause between them.
const FOLD_LOOKS: u32 = 200;
const FOLD_EVERY: Duration = Duration::from_millis(25);

/// A routing file, with the ways to its recipients made ready. Nothing is connected yet.
#[derive(Clone)]
pub struct Routes {
    /// What the file says.
    pub file: Arc<AlertsFile>,
    /// One for each recipient, in the file's order.
    pub routes: Vec<Route>,
}

impl fmt::Debug for Routes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.routes.iter().map(Route::place)).finish()
    }
}

/// The way to one recipient.
#[derive(Clone)]
pub struct Route {
    /// Who it is.
    pub recipient: Recipient,
    console_url: Arc<str>,
    way: Way,
}

#[derive(Clone)]
enum Way {
    Mail(Box<Mailer>, Address),
    Webhook(Webhook),
}

impl Routes {
    /// Reads a routing file and what it names: password, addresses, certificates.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let size = std::fs::metadata(path).with_context(|| format!("read {}", path.display()))?.len();
        anyhow::ensure!(size <= ALERTS_BYTES_MAX as u64, "{} is larger than {ALERTS_BYTES_MAX} bytes", path.display());
        let file = parse_alerts(&std::fs::read(path).with_context(|| format!("read {}", path.display()))?)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mailer = file.smtp.as_ref().map(|smtp| Mailer::open(smtp, folder)).transpose()?;
        let console_url: Arc<str> = file.console_url.as_str().into();
        let open = |recipient: &Recipient| -> anyhow::Result<Route> {
            let way = match (&recipient.mail, &recipient.webhook, &mailer) {
                (Some(mail), _, Some(mailer)) => Way::Mail(Box::new(mailer.clone()), mail.parse()?),
                (_, Some(webhook), _) => {
                    let url = read_secret(&folder.join(&webhook.url_file))?;
                    let authority = webhook.ca_file.as_ref().map(|file| folder.join(file));
                    Way::Webhook(Webhook::parse(&url, authority.as_deref())?)
                }
                _ => anyhow::bail!("neither mail nor webhook"),
            };
            Ok(Route { recipient: recipient.clone(), console_url: Arc::clone(&console_url), way })
        };
        let named = |recipient: &Recipient| format!("recipient '{}'", recipient.name);
        let routes = file.recipients.iter().map(|one| open(one).with_context(|| named(one)));
        let routes = routes.collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Self { file: Arc::new(file), routes })
    }
}

impl Route {
    /// What the place of this recipient in the ledger is kept under.
    pub fn place(&self) -> String {
        match self.way {
            Way::Mail(..) => format!("mail-{}", self.recipient.name),
            Way::Webhook(_) => format!("webhook-{}", self.recipient.name),
        }
    }

    /// Whether this recipient reads letters, and so has a digest.
    pub fn reads_letters(&self) -> bool {
        matches!(self.way, Way::Mail(..))
    }

    /// Where the console is, for links.
    pub fn console_url(&self) -> &str {
        &self.console_url
    }

    /// Sends a letter of its own, if this recipient reads letters.
    pub async fn send(&self, letter: &Letter, key: &Hash, at: UtcMicros) -> Result<(), Undelivered> {
        match &self.way {
            Way::Mail(mailer, address) => mailer.send(address, letter, key, at).await,
            Way::Webhook(_) => Ok(()),
        }
    }

    /// Sends a test message now.
    pub async fn test(&self, now: UtcMicros) -> Result<(), Undelivered> {
        let name = self.recipient.name.clone();
        let key = Hash::of("daicho.alert.test.v1", &[name.as_bytes(), now.to_string().as_bytes()]);
        match &self.way {
            Way::Mail(mailer, address) => {
                let mut letter = Letter::new(self.recipient.language, "");
                letter.subject = letter.word("alert-test-subject");
                let words = letter.say("alert-test", &[("name", name.into())]);
                letter.text(&words);
                letter.link("alert-test-console", &self.console_url, "/");
                mailer.send(address, &letter, &key, now).await
            }
            Way::Webhook(webhook) => webhook.test(&key, now).await,
        }
    }
}

/// A recipient who is told what the ledger states.
pub struct Routed {
    route: Route,
    place: String,
    model: Arc<RwLock<Model>>,
}

impl Routed {
    /// A recipient, and where to look up what a notice is about.
    pub fn new(route: Route, model: Arc<RwLock<Model>>) -> Self {
        let place = route.place();
        Self { route, place, model }
    }

    /// The model, once it has read an entry.
    async fn model_at(&self, seq: u64) -> Result<Model, Undelivered> {
        for _look in 0..FOLD_LOOKS {
            let model = self.model.read().unwrap_or_else(PoisonError::into_inner).clone();
            if model.seq() >= seq {
                return Ok(model);
            }
            sleep(FOLD_EVERY).await;
        }
        Err(Undelivered::Later(format!("this server has not read entry {seq} yet")))
    }
}

impl Routed {
    /// Tells of days: once a day at most, so quiet hours do not hold it back.
    async fn remind(
        &self,
        stated: &Stated,
        model: &Model,
        reminders: &Reminders,
        told: urgent::Stated,
    ) -> Result<Delivered, Undelivered> {
        let (entry, recipient) = (&stated.entry, &self.route.recipient);
        match &self.route.way {
            Way::Mail(mailer, address) => {
                let letter = reminder::letter(recipient, &self.route.console_url, model, reminders, told);
                let Some(letter) = letter else { return Ok(Delivered::Nothing) };
                mailer.send(address, &letter, &urgent_key(&entry.entry_hash, recipient), entry.received_at).await?;
            }
            Way::Webhook(webhook) => {
                let concerned = reminder::for_recipient(model, recipient, reminders);
                if concerned.is_empty() {
                    return Ok(Delivered::Nothing);
                }
                webhook.post(stated, &[], &concerned).await?;
            }
        }
        Ok(Delivered::Taken)
    }
}

impl Channel for Routed {
    fn name(&self) -> &str {
        &self.place
    }

    async fn deliver(&self, stated: &Stated) -> Result<Delivered, Undelivered> {
        let (entry, recipient) = (&stated.entry, &self.route.recipient);
        let model = self.model_at(entry.seq).await?;
        let told = urgent::Stated { seq: entry.seq, hash: entry.entry_hash, at: entry.received_at };
        if let Some(reminders) = &stated.reminders {
            return self.remind(stated, &model, reminders, told).await;
        }
        let items: Vec<Item> = stated.notices.notices.iter().map(|notice| Item::of(&model, notice)).collect();
        match &self.route.way {
            Way::Mail(mailer, address) => {
                let Some(letter) = urgent::letter(recipient, &self.route.console_url, &items, told) else {
                    return Ok(Delivered::Nothing);
                };
                mailer.send(address, &letter, &urgent_key(&entry.entry_hash, recipient), entry.received_at).await?;
            }
            Way::Webhook(webhook) => {
                let concerned = items.into_iter().filter(|item| item.is_for(recipient));
                let notices: Vec<Notice> = concerned.map(|item| item.notice).collect();
                if notices.is_empty() {
                    return Ok(Delivered::Nothing);
                }
                webhook.post(stated, &notices, &[]).await?;
            }
        }
        Ok(Delivered::Taken)
    }
}

/// The key of what is told at once: from the entry that states it, and for whom it is.
pub fn urgent_key(entry: &Hash, recipient: &Recipient) -> Hash {
    Hash::of("daicho.alert.v1", &[&entry.0, recipient.name.as_bytes()])
}
