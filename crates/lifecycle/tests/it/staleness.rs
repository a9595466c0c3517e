//! What somebody changed since the plan was made is not overwritten.

use crate::model::{MemoryLedger, Model, Trouble};
use crate::scene::{acme, plan};
use std::sync::atomic::AtomicBool;
use tenure_client::TeammateId;
use tenure_lifecycle::apply::{Apply, Status};
use tenure_lifecycle::directory::Directory;
use tenure_lifecycle::plan::Plan;

/// How each action ends, after the world was changed.
async fn apply_after(
    plan: &Plan,
    change: impl FnOnce(&mut Directory),
) -> Vec<(&'static str, Status, String)> {
    let model = Model::new(acme(), 1, Trouble::default());
    change(&mut model.state.lock().unwrap().directory);
    let mut ledger = MemoryLedger { entries: vec![], model: model.clone() };
    let (stop, mut hear) = (AtomicBool::new(false), |_: &_, _: &_| ());
    let (progress, ended) = Apply::new(&model, &mut ledger, &[], plan, &mut hear, &stop).run().await;
    ended.unwrap();
    let endings = plan.body.actions.iter().map(|action| {
        let ending = &progress.endings()[&action.id];
        (action.deed.kind(), ending.status, ending.why.clone())
    });
    endings.collect()
}

#[tokio::test(start_paused = true)]
async fn a_field_that_somebody_changed_is_left_alone() {
    let planned = plan("email,first_name\nben@acme.example,Benjamin\n", &acme());
    let ended =
        apply_after(&planned.plan, |directory| directory.teammates[1].first_name = "Benno".to_owned()).await;
    assert_eq!(ended[0].1, Status::Stale);
    assert!(ended[0].2.contains("first_name is \"Benno\""), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_did_already_is_stale() {
    let planned = plan("email,teams\nben@acme.example,Sales\n", &acme());
    let ended = apply_after(&planned.plan, |directory| {
        directory.teams[1].members.insert(TeammateId("tea_2".to_owned()));
    })
    .await;
    assert_eq!((ended[0].0, ended[0].1), ("add_to_team", Status::Stale));
    assert_eq!((ended[1].0, ended[1].1), ("remove_from_team", Status::Verified));
}

#[tokio::test(start_paused = true)]
async fn who_is_invited_by_somebody_else_is_not_put_into_teams_by_this_plan() {
    let planned = plan("email,teams\nnew@acme.example,Sales\n", &acme());
    let ended = apply_after(&planned.plan, |directory| {
        directory.teammates.push(crate::scene::mate(9, "New@acme.example"));
    })
    .await;
    assert_eq!((ended[0].1, ended[1].1), (Status::Stale, Status::Skipped));
}

#[tokio::test(start_paused = true)]
async fn an_id_with_another_address_is_somebody_else_to_whom_nothing_is_done() {
    let planned = plan("email,status,successor\nben@acme.example,departed,ada@acme.example\n", &acme());
    let ended =
        apply_after(&planned.plan, |directory| directory.teammates[1].email = "eve@acme.example".to_owned())
            .await;
    assert_eq!(ended.len(), 3);
    for (kind, status, why) in &ended {
        assert!(matches!(status, Status::Stale | Status::Skipped), "{kind}: {why}");
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_else_with_the_id_is_put_into_no_team() {
    let planned = plan("email,teams\nben@acme.example,Sales\n", &acme());
    let ended =
        apply_after(&planned.plan, |directory| directory.teammates[1].email = "eve@acme.example".to_owned())
            .await;
    assert!(ended.iter().all(|(_, status, _)| *status == Status::Stale), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn a_leaver_is_deactivated_although_somebody_took_them_out_of_a_team_before() {
    let planned = plan("email,status,successor\nben@acme.example,departed,ada@acme.example\n", &acme());
    let ended = apply_after(&planned.plan, |directory| directory.teams[0].members.clear()).await;
    let statuses: Vec<_> = ended.iter().map(|(kind, status, _)| (*kind, *status)).collect();
    assert_eq!(
        statuses,
        [
            ("hand_over", Status::Verified),
            ("remove_from_team", Status::Stale),
            ("deactivate", Status::Verified)
        ]
    );
}
