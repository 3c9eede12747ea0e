//! May this decision or declaration enter: tokens, enrolments, revocations, plans, suppliers.
//! It does not check secrets; `http` compared their hashes before anything came here.
//! Invariant: a token enrols one agent, a key enrols once, a plan names only suppliers that have a record,
//! and nobody's personal data enters in clear.

use crate::model::Model;
use daicho_schemas::fact::decision::{AgentEnrolled, AgentRevoked};
use daicho_schemas::fact::declaration::Plan;
use daicho_schemas::fact::supplier::SupplierRecord;
use daicho_schemas::refusal::{Refusal, RefusalCode};
use daicho_schemas::time::UtcMicros;

/// How an enrolment stands to what is known.
pub enum Enrolment {
    /// The agent is new.
    New,
    /// This very agent used this very token before, and the answer was lost on the way.
    Repeated,
}

/// An agent joins with a token that is known, unused and not expired.
pub fn agent_enrolled(model: &Model, enrolled: &AgentEnrolled, now: UtcMicros) -> Result<Enrolment, Refusal> {
    let token = model.token(&enrolled.token_id).ok_or(RefusalCode::TokenUnknown)?;
    let revoked = model.agent(&enrolled.agent_id).is_some_and(|agent| agent.revoked.is_some());
    if token.used_by.as_ref() == Some(&enrolled.agent_id) {
        // That the token is used would send it looking for another one, which would not help it.
        return if revoked { Err(RefusalCode::AgentRevoked.into()) } else { Ok(Enrolment::Repeated) };
    }
    if token.used_by.is_some() {
        return Err(RefusalCode::TokenUsed.into());
    }
    if token.expires_at <= now {
        return Err(Refusal::new(RefusalCode::TokenExpired).with(format!("expired {}", token.expires_at)));
    }
    match model.agent(&enrolled.agent_id) {
        Some(agent) if agent.revoked.is_some() => Err(RefusalCode::AgentRevoked.into()),
        Some(_) => Err(RefusalCode::AgentAlreadyEnrolled.into()),
        None => Ok(Enrolment::New),
    }
}

/// An agent that is enrolled is revoked.
pub fn agent_revoked(model: &Model, revoked: &AgentRevoked) -> Result<(), Refusal> {
    match model.agent(&revoked.agent_id) {
        Some(agent) if agent.revoked.is_some() => Err(RefusalCode::AgentRevoked.into()),
        Some(_) => Ok(()),
        None => Err(RefusalCode::AgentUnknown.into()),
    }
}

/// Every supplier that a plan names has a record.
pub fn plan(model: &Model, plan: &Plan) -> Result<(), Refusal> {
    let parts = plan.parts.iter().map(|part| &part.supplier_id);
    let paths = plan.remote_paths.iter().map(|path| &path.supplier_id);
    let unknown = plan
        .filing
        .equipment_supplier
        .iter()
        .chain(parts)
        .chain(paths)
        .chain(&plan.contractors)
        .find(|id| !model.has_supplier(id));
    match unknown {
        Some(id) => Err(Refusal::new(RefusalCode::SupplierUnknown).with(id.to_string())),
        None => Ok(()),
    }
}

/// No person's data stands readable in the record.
pub fn supplier(record: &SupplierRecord) -> Result<(), Refusal> {
    match record.items.personal().into_iter().find(|(_, person)| person.sealed().is_none()) {
        Some((field, _)) => {
            Err(Refusal::new(RefusalCode::PersonalDataInClear).with(format!("{}: {field}", record.supplier_id)))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::entry::Author;
    use crate::model::testing::Script;
    use daicho_schemas::canonical::Hash;
    use daicho_schemas::fact::Fact;
    use daicho_schemas::fact::decision::TokenIssued;
    use daicho_schemas::ids::TokenId;

    #[test]
    fn nobodys_data_enters_in_clear() {
        let record = |officer: serde_json::Value| -> SupplierRecord {
            serde_json::from_value(serde_json::json!({
                "supplier_id": "acme", "name": { "ja": "例示", "en": "Acme" }, "source": "test", "as_of": "2026-11-01",
                "items": { "officers": { "known": { "value": [officer], "source": "s", "as_of": "2026-10-01" } } },
            }))
            .unwrap()
        };
        let clear = record(serde_json::json!({ "clear": { "name": "A" } }));
        let refusal = supplier(&clear).unwrap_err();
        assert_eq!((refusal.code, refusal.detail.as_str()), (RefusalCode::PersonalDataInClear, "acme: officers"));
        let sealed = record(serde_json::json!({ "sealed": { "key_id": "k", "bytes": "", "complete": true } }));
        assert!(supplier(&sealed).is_ok());
    }

    /// The answer to an enrolment was lost, and the agent was revoked before it asked again.
    #[test]
    fn an_agent_that_was_revoked_is_told_so_when_it_enrols_again() {
        let mut script = Script::with_agent("tos-01");
        let now: UtcMicros = "2026-11-21T04:00:00.000000Z".parse().unwrap();
        let token_id = TokenId::new("t1").unwrap();
        let issued =
            TokenIssued { token_id: token_id.clone(), secret_hash: Hash::ZERO, expires_at: now.plus_seconds(60) };
        script.push(Author::Server, Fact::TokenIssued(issued));
        script.enrol("tos-02");
        let enrolled = AgentEnrolled {
            agent_id: script.agent.clone(),
            public_key: "key".into(),
            token_id,
            hostname: "tos-02".into(),
        };
        assert!(matches!(agent_enrolled(&script.model, &enrolled, now), Ok(Enrolment::Repeated)));
        script.revoke();
        let refused = agent_enrolled(&script.model, &enrolled, now).err().map(|refusal| refusal.code);
        assert_eq!(refused, Some(RefusalCode::AgentRevoked));
    }
}
