//! Local accounts of a Windows by its own database of them (SAM): whether each can still be used, when it last was, and whether it
//! administers. It does not know accounts of a domain or of Entra ID, nor whose an account is.
//! Invariant: no hash or part of one is looked at (of a password only whether anything is stored in its place), and no name: an account of a
//! person is a number (docs/decisions/0028-accounts.md), one of Windows has the name that this number has everywhere.
//!
//! The binary values follow the public description at <https://winreg-kb.readthedocs.io/en/latest/sources/sam-keys/> and impacket's
//! `secretsdump.py`; Microsoft, MS-SAMR 2.2.1.12 (bits of an account) and "Well-known SIDs" (numbers below 1000).

use super::super::{Collected, Collector, Gather};
use crate::access::registry::{RegistryKey, instant_of_filetime};
use crate::access::{AccessError, Host, Platform};
use daicho_schemas::fact::observation::{
    Account, AccountRight, AccountSort, LastLogin, LoginRecord, Observation, PasswordState,
};
use daicho_schemas::text::Text;
use daicho_schemas::time::{CalendarDate, UtcMicros};
use daicho_schemas::trouble::{Trouble, TroubleKind};
use std::collections::BTreeSet;

/// The host's own accounts: what holds for all of them, and its SID.
const DOMAIN: &str = "HKLM/SAM/SAM/Domains/Account";
/// One key for each account, by its number in eight hexadecimal digits.
const USERS: &str = "HKLM/SAM/SAM/Domains/Account/Users";
/// The group of administrators (S-1-5-32-544).
const ADMINISTRATORS: &str = "HKLM/SAM/SAM/Domains/Builtin/Aliases/00000220";
/// Accounts that are looked at; a host has a dozen, a domain controller keeps its own elsewhere.
const USERS_MAX: usize = 10_000;
/// Members of the group.
const MEMBERS_MAX: u32 = 10_000;
/// From here on accounts are made by people.
const FIRST_PERSON: u32 = 1000;

/// Accounts that every Windows has.
const OWN_NAMES: [(u32, &str); 5] =
    [(500, "Administrator"), (501, "Guest"), (502, "krbtgt"), (503, "DefaultAccount"), (504, "WDAGUtilityAccount")];

/// Bits of an account: disabled, its password does not expire, locked after wrong passwords.
mod bit {
    pub(super) const DISABLED: u16 = 0x1;
    pub(super) const NO_EXPIRY: u16 = 0x200;
    pub(super) const LOCKED: u16 = 0x400;
}

/// Collects local accounts.
pub(in crate::collect) struct AccountsCollector;

impl Collector for AccountsCollector {
    fn id(&self) -> &'static str {
        "accounts"
    }

    fn about(&self) -> Text {
        Text::new(
            "ローカルアカウント（無効・ロック、最終利用日、管理者権限。ハッシュや人の名前は読まない。実行中の機器では SYSTEM のみ読める）",
            "local accounts: disabled or locked, last use, administrators; no hash and no person's name is read. On a running machine SYSTEM only",
        )
    }

    fn platforms(&self) -> &'static [Platform] {
        &[Platform::Windows]
    }

    fn lacks(&self) -> Option<Text> {
        Some(Text::new(
            "ドメインのアカウント、SSH の鍵、Administrators 以外のグループによる権限は不明",
            "accounts of a domain, SSH keys and rights by other groups than Administrators are not told",
        ))
    }

    fn places(&self) -> &'static [&'static str] {
        &[DOMAIN, USERS, "HKLM/SAM/SAM/Domains/Account/Users/*", ADMINISTRATORS]
    }

    fn watches(&self) -> &'static [&'static str] {
        &[USERS, ADMINISTRATORS]
    }

    fn collect(&self, host: &dyn Host) -> Collected {
        let mut gather = Gather::new();
        let list = match host.registry(USERS) {
            Ok(list) => list,
            Err(AccessError::NotPermitted { .. }) => {
                let text = "only the account SYSTEM may read the database of accounts, so local accounts are not known; \
                            run as SYSTEM (service install --account system), or read the volume";
                return gather.finish_failed(Trouble::new(TroubleKind::NotPermitted, USERS, text));
            }
            Err(error) => return gather.finish_failed(error.to_trouble()),
        };
        // Once more, so that what is wrong with it is named.
        gather.key(host, USERS);
        let domain = gather.key(host, DOMAIN).unwrap_or_default();
        let administrators = administrators(&mut gather, host, &domain);
        let numbers = list.keys.iter().filter_map(|name| Some((name, number_of(name)?)));
        if list.keys.len() > USERS_MAX {
            gather.miss_rest(USERS);
        }
        for (name, number) in numbers.take(USERS_MAX) {
            let place = format!("{USERS}/{name}");
            let Some(key) = gather.subkey(host, &place) else { continue };
            match account(number, &key, &domain, administrators.as_ref()) {
                Some(account) => gather.item(USERS, Observation::Account(account)),
                None => {
                    let text = "the record of an account has another form than is known; the account is not listed";
                    gather.miss(Trouble::new(TroubleKind::Malformed, place, text));
                }
            }
        }
        gather.finish_failed_when_empty()
    }
}

/// The number in a key's name; other keys (`Names`) have none.
fn number_of(name: &str) -> Option<u32> {
    (name.len() == 8).then(|| u32::from_str_radix(name, 16).ok())?
}

fn account(
    number: u32,
    key: &RegistryKey,
    domain: &RegistryKey,
    administrators: Option<&BTreeSet<u32>>,
) -> Option<Account> {
    let record = key.bytes("F")?;
    let bits = u16::from_le_bytes(*record.get(0x38..)?.first_chunk()?);
    let has = |bit: u16| bits & bit != 0;
    let time = |at: usize| Some(u64::from_le_bytes(*record.get(at..)?.first_chunk()?));
    let day = |at: usize| time(at).and_then(instant_of_filetime).map(UtcMicros::date_in_japan);
    let is_disabled = has(bit::DISABLED);
    let password = match is_password_stored(key) {
        _ if is_disabled || has(bit::LOCKED) => PasswordState::Locked,
        None => PasswordState::Unreadable,
        Some(false) => PasswordState::Empty,
        Some(true) => PasswordState::Set,
    };
    let is_person = number >= FIRST_PERSON;
    let own_name = OWN_NAMES.iter().find(|(own, _)| *own == number).map(|(_, name)| (*name).to_owned());
    let rights = administrators.map(|members| match members.contains(&number) {
        true => vec![AccountRight { place: ADMINISTRATORS.to_owned(), every_command: true }],
        false => Vec::new(),
    });
    Some(Account {
        uid: number,
        entry: None,
        name: own_name,
        sort: if is_person { AccountSort::Person } else { AccountSort::System },
        has_shell: true,
        password,
        password_changed_on: day(0x18),
        password_days_max: if has(bit::NO_EXPIRY) { None } else { password_days_max(domain) },
        // 0 and the largest number of 63 bits stand for "never", and neither is a day.
        expires_on: day(0x20),
        last_login: last_login(key, time(0x08)?, day(0x08)),
        // A key opens no account that is disabled; of others, their places are not looked at.
        ssh_keys: is_disabled.then_some(0),
        rights,
    })
}

/// Whether anything is stored in the place of a password's hash: 20 bytes or less than 25 are the head of nothing, by their two forms. The hash
/// itself is not looked at.
fn is_password_stored(key: &RegistryKey) -> Option<bool> {
    let length = u32::from_le_bytes(*key.bytes("V")?.get(0xac..)?.first_chunk()?);
    Some(length == 20 || length > 24)
}

/// An account that is tied to one of Microsoft signs in by that one, and nothing is written here.
fn last_login(key: &RegistryKey, time: u64, day: Option<CalendarDate>) -> LastLogin {
    match day {
        Some(on) => LastLogin::On { on, by: LoginRecord::Sam },
        None if time == 0 && key.value("InternetUserName").is_none() => LastLogin::Never { by: LoginRecord::Sam },
        None => LastLogin::Unknown,
    }
}

/// After how many days a password of this host has to be changed: a time of 100 ns, counted backwards; the smallest number is "never".
fn password_days_max(domain: &RegistryKey) -> Option<u32> {
    const DAY: u64 = 24 * 60 * 60 * 10_000_000;
    let age = i64::from_le_bytes(*domain.bytes("F")?.get(0x18..)?.first_chunk()?);
    if age >= 0 || age == i64::MIN {
        return None;
    }
    u32::try_from(age.unsigned_abs() / DAY).ok().filter(|days| *days > 0)
}

/// The numbers of this host's accounts in the group of administrators. None where the group, or the host's own SID, could not be read.
fn administrators(gather: &mut Gather, host: &dyn Host, domain: &RegistryKey) -> Option<BTreeSet<u32>> {
    let members = gather.key(host, ADMINISTRATORS).as_ref().and_then(members);
    // The SID of the host ends the value: three numbers of four bytes.
    let own = domain.bytes("V").and_then(|value| value.last_chunk::<12>().copied());
    let (Some(members), Some(own)) = (members, own) else {
        let text = "who administers this host could not be read";
        gather.miss(Trouble::new(TroubleKind::Malformed, ADMINISTRATORS, text));
        return None;
    };
    let mut numbers = BTreeSet::new();
    let mut elsewhere = 0_usize;
    for sid in members {
        match number_in(&sid, own) {
            Some(number) => _ = numbers.insert(number),
            None => elsewhere += 1,
        }
    }
    if elsewhere > 0 {
        let text = format!(
            "{elsewhere} administrators of this host are accounts or groups of a directory elsewhere; they are not listed"
        );
        gather.remark(Trouble::new(TroubleKind::NotObservable, ADMINISTRATORS, text));
    }
    Some(numbers)
}

/// The SIDs in a group: where they begin stands at 28h, how many at 30h, both behind a head of 34h bytes.
fn members(group: &RegistryKey) -> Option<Vec<Vec<u8>>> {
    const HEAD: usize = 0x34;
    let value = group.bytes("C")?;
    let number = |at: usize| Some(u32::from_le_bytes(*value.get(at..)?.first_chunk()?));
    let count = number(0x30)?.min(MEMBERS_MAX);
    let mut rest = value.get(HEAD.checked_add(usize::try_from(number(0x28)?).ok()?)?..)?;
    let mut sids = Vec::new();
    for _ in 0..count {
        // Revision, how many numbers, six bytes of whose they are, the numbers.
        let numbers = usize::from(*rest.get(1)?);
        let (sid, after) = rest.split_at_checked(8 + 4 * numbers)?;
        sids.push(sid.to_vec());
        rest = after;
    }
    Some(sids)
}

/// The last number of a SID of this host: `S-1-5-21-own-own-own-number`.
fn number_in(sid: &[u8], own: [u8; 12]) -> Option<u32> {
    let rest = sid.strip_prefix(&[1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0])?;
    Some(u32::from_le_bytes(rest.strip_prefix(&own)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::RecordedHost;
    use crate::access::registry::RegistryValue;
    use crate::collect::run;
    use crate::collect::windows::golden;
    use daicho_schemas::batch::Outcome;

    fn accounts(collected: &Collected) -> Vec<&Account> {
        let accounts = collected.items.iter().map(|item| match item {
            Observation::Account(account) => account,
            other => panic!("{}", other.kind()),
        });
        accounts.collect()
    }

    #[test]
    fn machines_give_their_goldens_from_documented_places_only() {
        let all = golden::check(&AccountsCollector, true);
        let told: Vec<_> = accounts(&all["server_2019"]);
        let of = |number: u32| *told.iter().find(|account| account.uid == number).unwrap();
        assert_eq!((of(500).name.as_deref(), of(500).password), (Some("Administrator"), PasswordState::Set));
        assert_eq!(of(500).is_administrator(), Some(true));
        assert_eq!(of(501).can_log_in("2026-11-22".parse().unwrap()), Some(false), "disabled");
        assert_eq!(of(1001).last_login, LastLogin::On { on: "2026-10-01".parse().unwrap(), by: LoginRecord::Sam });
        assert_eq!((of(1001).password_days_max, of(1001).is_administrator()), (Some(42), Some(true)));
        assert_eq!(of(1002).last_login, LastLogin::Never { by: LoginRecord::Sam });
        assert_eq!((of(1002).password, of(1002).is_administrator()), (PasswordState::Empty, Some(false)));
        assert_eq!(of(1003).last_login, LastLogin::Unknown, "an account of Microsoft leaves no trace here");
        let text = format!("{:?}", all["server_2019"]);
        assert!(!text.contains("yamada") && !text.to_lowercase().contains("eeeeee"), "neither name nor hash: {text}");
        assert_eq!(all["xp"].outcome, Outcome::Failed);
    }

    #[test]
    fn without_the_right_nothing_is_claimed() {
        let host = RecordedHost::image(golden::folder().join("server_2019/root")).without_permission_for(&[USERS]);
        let collected = run(&AccountsCollector, &host);
        assert_eq!((collected.outcome, collected.troubles[0].kind), (Outcome::Failed, TroubleKind::NotPermitted));
    }

    #[test]
    fn records_of_any_length_and_content_stop_nobody() {
        let host = RecordedHost::image(golden::folder().join("server_2019/root"));
        let whole = host.registry(&format!("{USERS}/000003e9")).unwrap();
        let group = host.registry(ADMINISTRATORS).unwrap();
        let with = |name: &str, bytes: &[u8]| RegistryKey {
            values: vec![(name.to_owned(), RegistryValue::Bytes(bytes.to_vec()))],
            ..RegistryKey::default()
        };
        let record = whole.bytes("F").unwrap();
        for length in 0..record.len() {
            let cut = account(1001, &with("F", &record[..length]), &RegistryKey::default(), None);
            assert_eq!(cut.is_some(), length >= 0x3a, "{length}");
        }
        let value = group.bytes("C").unwrap();
        assert_eq!(members(&group).unwrap().len(), 3);
        for at in 0..value.len() {
            members(&with("C", &value[..at]));
            for byte in [0, 1, 0x7f, 0xff] {
                let mut damaged = value.to_vec();
                damaged[at] = byte;
                members(&with("C", &damaged));
            }
        }
    }
}
