//! Items that agents bear on by what they read of accounts, updates, USB storage, antivirus and the end of support.
//! It does not settle any: whether an account is needed or a measure is enough is for a person, so the answer stays unknown.
//! Invariant: a host that no agent looked at, or not completely, stands under what is missing; nothing not seen counts as good.

use super::said::cut;
use super::{Bearing, FromEvidence};
use crate::model::os_support::{Standing, support_of};
use crate::model::prepared::Sort;
use daicho_schemas::batch::Outcome;
use daicho_schemas::fact::check_answer::CheckAnswer;
use daicho_schemas::fact::observation::{
    Account, LastLogin, Observation, OperatingSystem, PasswordState, Protection, ProtectionAspect, ProtectionState,
    ServiceUnit,
};
use daicho_schemas::text::Text;
use daicho_schemas::time::CalendarDate;

/// Hosts that are looked at; more are counted.
const HOSTS_MAX: usize = 2000;
/// Accounts that are named of one host; more are counted.
const ACCOUNTS_NAMED_MAX: usize = 8;

/// What an agent read of one host.
pub(super) struct Guarded {
    host: String,
    accounts: Vec<Account>,
    protections: Vec<Protection>,
    units: Vec<ServiceUnit>,
    jobs: usize,
    accounts_outcome: Option<Outcome>,
    protection_outcome: Option<Outcome>,
    services_outcome: Option<Outcome>,
    system: Option<OperatingSystem>,
}

/// What is known and what would have to be.
#[derive(Default)]
struct Known {
    because: Vec<Text>,
    missing: Vec<Text>,
}

impl Known {
    fn seen(&mut self, ja: String, en: String) {
        self.because.push(Text::new(ja, en));
    }

    fn lacks(&mut self, ja: String, en: String) {
        self.missing.push(Text::new(ja, en));
    }

    fn open(self) -> FromEvidence {
        FromEvidence { answer: CheckAnswer::Unknown, because: cut(self.because), missing: cut(self.missing) }
    }
}

impl Bearing<'_> {
    /// What hosts say of an item; `None` for items on which they do not bear.
    pub(super) fn of_hosts(&self, item_id: &str) -> Option<FromEvidence> {
        let mut known = Known::default();
        match item_id {
            "hospital-2-4" => self.administrators_of_hosts(&mut known),
            "hospital-2-5" => self.unused(&mut known),
            "hospital-2-6" => self.updates(&mut known),
            "hospital-2-9" => self.usb(&mut known),
            "hospital-2-12" | "hospital-2-13" => self.started(&mut known),
            "water-authentication" => self.without_password(&mut known),
            "water-antivirus" => self.antivirus(&mut known),
            "water-os-support" => self.support(&mut known),
            _ => return None,
        }
        self.lacks_hosts(&mut known);
        Some(known.open())
    }

    /// The hosts of the equipment, read once for all items.
    fn guarded(&self) -> &[Guarded] {
        self.guarded.get_or_init(|| {
            let Some(drift) = self.model.drift.equipment.get(self.equipment) else { return Vec::new() };
            drift.members.iter().take(HOSTS_MAX).filter_map(|host| self.guarded_host(host)).collect()
        })
    }

    fn guarded_host(&self, host: u32) -> Option<Guarded> {
        let state = &self.model.state;
        let own = self.model.drift.hosts.get(host)?;
        let outcome = |collector: &str| state.coverage.outcome(host, collector);
        let mut guarded = Guarded {
            host: own.key.to_string(),
            accounts: Vec::new(),
            protections: Vec::new(),
            units: Vec::new(),
            jobs: 0,
            accounts_outcome: outcome("accounts"),
            protection_outcome: outcome("protection"),
            services_outcome: outcome("services"),
            system: None,
        };
        let system = own.system.and_then(|item| state.assets.items.get(item)?.observation());
        let items = state.assets.on(host, |item| item.sort == Sort::Safeguard);
        for observation in items.into_iter().filter_map(|item| item.observation()).chain(system) {
            match observation {
                Observation::Account(account) => guarded.accounts.push(account),
                Observation::Protection(protection) => guarded.protections.push(protection),
                Observation::ServiceUnit(unit) => guarded.units.push(unit),
                Observation::ScheduledJob(_) => guarded.jobs += 1,
                Observation::OperatingSystem(system) => guarded.system = Some(system),
                _ => {}
            }
        }
        Some(guarded)
    }

    /// Hosts of the plan that nobody reports, and hosts beyond the limit.
    fn lacks_hosts(&self, known: &mut Known) {
        let drift = self.model.drift.equipment.get(self.equipment);
        let silent = drift.map_or(0, |drift| drift.declared.len().saturating_sub(drift.hosts_heard()));
        if silent > 0 {
            known.lacks(
                format!("計画書のホスト {silent} 台は、エージェントの報告がありません"),
                format!("{silent} hosts of the plan are not reported by an agent"),
            );
        }
        let more = drift.map_or(0, |drift| drift.members.len().saturating_sub(HOSTS_MAX as u64));
        if more > 0 {
            known.lacks(format!("ほか {more} 台は調べていません"), format!("{more} more hosts were not looked at"));
        }
    }

    /// Hosts that told what is asked; the others are named as missing.
    fn told<'a>(
        &'a self,
        known: &mut Known,
        what: (&str, &str),
        outcome: fn(&Guarded) -> Option<Outcome>,
    ) -> Vec<&'a Guarded> {
        let (told, silent): (Vec<_>, Vec<_>) =
            self.guarded().iter().partition(|own| matches!(outcome(own), Some(Outcome::Complete | Outcome::Partial)));
        for own in silent {
            let host = &own.host;
            known.lacks(
                format!("{host}：エージェントから{}の報告がありません", what.0),
                format!("{host}: its agent reports nothing of {}", what.1),
            );
        }
        for own in told.iter().filter(|own| outcome(own) == Some(Outcome::Partial)) {
            let host = &own.host;
            known.lacks(
                format!("{host}：{}を読み切れていません（ホストの画面に理由があります）", what.0),
                format!("{host}: not all of {} could be read (its page says why)", what.1),
            );
        }
        told
    }

    fn administrators_of_hosts(&self, known: &mut Known) {
        for own in self.told(known, ("アカウント", "accounts"), |own| own.accounts_outcome) {
            let administrators = own.accounts.iter().filter(|account| account.is_administrator() == Some(true));
            let named = administrators.map(|account| {
                let by = account.rights.iter().flatten().filter(|right| right.every_command);
                let by: Vec<&str> = by.map(|right| right.place.as_str()).collect();
                let name = said_name(account);
                if by.is_empty() { name } else { format!("{name} ({})", by.join(", ")) }
            });
            let (host, named) = (&own.host, listed(named.collect()));
            known.seen(
                format!("{host}：管理者権限をもつアカウント {named}"),
                format!("{host}: accounts that may do everything: {named}"),
            );
        }
        known.lacks(
            "職種・担当業務ごとの権限の設定と、これらの管理者が定めたとおりかは、人が確かめて回答してください".into(),
            "rights by job and information class, and whether these are the administrators that were meant, is for a person to answer".into(),
        );
    }

    fn unused(&self, known: &mut Known) {
        for own in self.told(known, ("アカウント", "accounts"), |own| own.accounts_outcome) {
            let mut usable: Vec<_> =
                own.accounts.iter().filter(|account| account.can_log_in(self.today) != Some(false)).collect();
            usable.sort_by_key(|account| (order(account.last_login), account.uid));
            let last = |account: &&Account| last_use(account, self.today);
            let (ja, en): (Vec<_>, Vec<_>) = usable.iter().map(last).map(|text| (text.ja, text.en)).unzip();
            let (host, count) = (&own.host, usable.len());
            known.seen(
                format!("{host}：ログインできるアカウント {count} 個：{}", listed(ja)),
                format!("{host}: {count} accounts can log in: {}", listed(en)),
            );
        }
        known.lacks(
            "要不要と退職者との照合、業務システムやディレクトリのアカウントは、人が確かめて回答してください。番号の持ち主は、そのホストで getent passwd により分かります".into(),
            "whether each is needed, the comparison with who left, and accounts of applications and directories are for a person to answer; whose a number is, the host itself tells (getent passwd)".into(),
        );
    }

    fn updates(&self, known: &mut Known) {
        for own in self.told(known, ("更新の状態", "updates"), |own| own.protection_outcome) {
            let of = |aspect| own.protections.iter().filter(move |one| one.aspect == aspect);
            let host = &own.host;
            if let Some(on) = of(ProtectionAspect::UpdatesInstalled).filter_map(|one| one.on).max() {
                known.seen(
                    format!("{host}：パッケージの最終更新 {on}"),
                    format!("{host}: packages were last updated on {on}"),
                );
            }
            let mut pending = of(ProtectionAspect::UpdatesPending).peekable();
            if pending.peek().is_none() {
                known.lacks(
                    format!("{host}：未適用のセキュリティ更新の有無が分かりません"),
                    format!("{host}: whether security updates are missing is not known"),
                );
            }
            for one in pending {
                let (count, list) = (one.count.unwrap_or_default(), &one.subject);
                let (ja, en) = one.on.map_or(("日付不明".into(), "of unknown day".into()), |on| {
                    (format!("{on} の"), format!("of {on}"))
                });
                let text = Text::new(
                    format!("{host}：{ja}一覧（{list}）で、未適用のセキュリティ更新 {count} 個"),
                    format!("{host}: by the list of {list} {en}, {count} security updates are not installed"),
                );
                if count == 0 { known.because.push(text) } else { known.missing.push(text) }
            }
        }
    }

    fn usb(&self, known: &mut Known) {
        for own in self
            .told(known, ("USB ストレージの制限", "restrictions of USB storage"), |own| own.protection_outcome)
        {
            let measures = own.protections.iter().filter(|one| one.aspect == ProtectionAspect::UsbStorage);
            let on = |one: &&Protection| matches!(one.state, Some(ProtectionState::Running | ProtectionState::Enabled));
            let named: Vec<String> = measures.filter(on).map(|one| one.subject.clone()).collect();
            let host = &own.host;
            if named.is_empty() {
                known.lacks(
                    format!("{host}：modprobe、udev、USBGuard、カーネルの設定に、USB ストレージの制限が見つかりません"),
                    format!(
                        "{host}: no restriction of USB storage found in modprobe, udev, USBGuard or the kernel's switch"
                    ),
                );
            } else {
                let named = named.join(", ");
                known.seen(
                    format!("{host}：制限の設定あり（{named}）"),
                    format!("{host}: a restriction is set ({named})"),
                );
            }
        }
        known.lacks(
            "専用ソフト、グループポリシー、ポートの封止などの方法と対象の端末、設定が効いているかは、人が確かめて回答してください".into(),
            "products, group policies and sealed ports, the computers they cover, and whether a setting works are for a person to answer".into(),
        );
    }

    fn started(&self, known: &mut Known) {
        for own in self.told(known, ("サービス", "services"), |own| own.services_outcome) {
            let awake: Vec<&ServiceUnit> = own.units.iter().filter(|unit| unit.is_awake()).collect();
            // What was made on the host itself comes first: nobody else vouches for it.
            let (local, other): (Vec<&ServiceUnit>, Vec<&ServiceUnit>) = awake
                .iter()
                .copied()
                .partition(|unit| unit.place.as_ref().is_some_and(|place| place.starts_with("/etc/")));
            let names = local.iter().chain(&other).map(|unit| unit.name.clone());
            let (host, count, jobs) = (&own.host, awake.len(), own.jobs);
            let names = listed(names.collect());
            known.seen(
                format!("{host}：自動起動または動作中のユニット {count} 個（{names}）、ジョブ {jobs} 個"),
                format!("{host}: {count} units start by themselves or run ({names}), {jobs} jobs"),
            );
        }
    }

    fn without_password(&self, known: &mut Known) {
        for own in self.told(known, ("アカウント", "accounts"), |own| own.accounts_outcome) {
            let host = &own.host;
            let unread = own.accounts.iter().any(|account| account.password == PasswordState::Unreadable);
            let empty =
                own.accounts.iter().filter(|account| account.has_shell && account.password == PasswordState::Empty);
            let named: Vec<String> = empty.map(said_name).collect();
            if !named.is_empty() {
                let named = listed(named);
                known.lacks(
                    format!("{host}：パスワードを求めないアカウント {named}"),
                    format!("{host}: accounts that ask for no password: {named}"),
                );
            } else if !unread {
                known.seen(
                    format!("{host}：パスワードの空のアカウントはありません"),
                    format!("{host}: no account has an empty password"),
                );
            }
        }
        known.lacks(
            "利用者の認証の方法は、サーバ、端末、周辺機器ごとに、人が確かめて回答してください".into(),
            "how users sign in to each server, terminal and peripheral is for a person to answer".into(),
        );
    }

    fn antivirus(&self, known: &mut Known) {
        for own in self.told(known, ("アンチウイルス", "antivirus"), |own| own.protection_outcome) {
            let host = &own.host;
            let mut products =
                own.protections.iter().filter(|one| one.aspect == ProtectionAspect::Antivirus).peekable();
            if products.peek().is_none() {
                known.lacks(
                    format!("{host}：知られている製品は見つかりません"),
                    format!("{host}: none of the products that are known was found"),
                );
            }
            for one in products {
                let name = one.name.as_ref().unwrap_or(&one.subject);
                let text = |(ja, en): (&str, &str)| {
                    let day =
                        one.on.map_or(Text::new("定義の日付は不明", "day of its definitions unknown"), |on| {
                            Text::new(
                                format!("定義は {on}（{} 日前）", self.today.days_since(on)),
                                format!("definitions of {on} ({} days ago)", self.today.days_since(on)),
                            )
                        });
                    Text::new(format!("{host}：{name} {ja}、{}", day.ja), format!("{host}: {name} {en}, {}", day.en))
                };
                match one.state {
                    Some(ProtectionState::Running) if one.on.is_some() => known.because.push(text(("動作中", "runs"))),
                    Some(ProtectionState::Running) => known.missing.push(text(("動作中", "runs"))),
                    _ => known.missing.push(text(("動作を確認できません", "was not seen to run"))),
                }
            }
        }
        known.lacks(
            "定義の日付が「最新」と言えるか、エージェントのない端末や周辺機器は、人が確かめて回答してください".into(),
            "whether definitions of that day are current, and computers without an agent, are for a person to answer"
                .into(),
        );
    }

    fn support(&self, known: &mut Known) {
        for own in self.guarded() {
            let said = own.protections.iter().filter(|one| one.aspect == ProtectionAspect::SystemSupport);
            let said = said.filter_map(|one| one.on).max();
            let Some(system) = &own.system else {
                let host = &own.host;
                known.lacks(format!("{host}：OS が分かりません"), format!("{host}: its system is not known"));
                continue;
            };
            let support = support_of(system, said, self.today);
            let name = system.name.as_deref().or(system.os_id.as_deref()).unwrap_or("?");
            let version = system.version.as_deref().or(system.version_id.as_deref()).unwrap_or("?");
            let (host, because) = (&own.host, support.because);
            let text = Text::new(
                format!("{host}：{name} {version}、{}", because.ja),
                format!("{host}: {name} {version}, {}", because.en),
            );
            if support.standing == Standing::Supported { known.because.push(text) } else { known.missing.push(text) }
        }
        known.lacks(
            "サポートの終わった OS について、外部ネットワークとの分離や媒体の管理をしているか、エージェントのない計算機の OS は、人が確かめて回答してください".into(),
            "whether systems out of support are separated and media controlled, and the systems of computers without an agent, are for a person to answer".into(),
        );
    }
}

/// A system account by its name, any other by its number.
fn said_name(account: &Account) -> String {
    account.name.clone().unwrap_or_else(|| format!("uid:{}", account.uid))
}

/// Those that were never used first, then the longest unused, then those of which nothing is known.
fn order(last: LastLogin) -> (u8, Option<CalendarDate>) {
    match last {
        LastLogin::Never { .. } => (0, None),
        LastLogin::On { on, .. } => (1, Some(on)),
        LastLogin::Unknown => (2, None),
    }
}

fn last_use(account: &Account, today: CalendarDate) -> Text {
    let name = said_name(account);
    match account.last_login {
        LastLogin::Never { .. } => Text::new(format!("{name} 記録なし"), format!("{name} never")),
        LastLogin::On { on, .. } => {
            let days = today.days_since(on);
            Text::new(format!("{name} 最終 {on}（{days} 日前）"), format!("{name} last on {on} ({days} days ago)"))
        }
        LastLogin::Unknown => Text::new(format!("{name} 最終利用日は不明"), format!("{name} last use unknown")),
    }
}

/// The first names, and how many more there are.
fn listed(names: Vec<String>) -> String {
    let more = names.len().saturating_sub(ACCOUNTS_NAMED_MAX);
    let first = names.into_iter().take(ACCOUNTS_NAMED_MAX).collect::<Vec<_>>().join(", ");
    match (first.is_empty(), more) {
        (true, _) => "–".to_owned(),
        (false, 0) => first,
        (false, more) => format!("{first}, +{more}"),
    }
}
