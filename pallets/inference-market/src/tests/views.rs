//! What the runtime API shows.

use super::*;
use inference_primitives::market::InboxItem;

#[test]
fn a_view_follows_the_workload() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let id = Order::default().submit();
			let view = Market::view(id).unwrap();
			assert_eq!(
				(view.id, view.submitter, view.state),
				(id, USER, WorkloadState::Queued)
			);
			assert_eq!((view.price, view.node, view.output), (0, None, None));
			assert_eq!(view.deadline, Some(workload(id).deadline));
			run_to_draw();
			let view = Market::view(id).unwrap();
			assert_eq!(
				(view.price, view.node, view.attempts),
				(price(), Some(NodeId(0)), 1)
			);
			deliver(id);
			prove(id);
			let view = Market::view(id).unwrap();
			assert_eq!(view.output, Some(OUTPUT.to_vec()));
			assert_eq!((view.deadline, view.state), (None, WorkloadState::Settled));
			assert_eq!(view.ended_at, Some(System::block_number() as u32));
			assert!(view.settlement.is_balanced());
			assert_eq!(Market::view(WorkloadId([9; 32])), None);
		});
}

#[test]
fn an_inbox_shows_outputs_and_proofs_that_are_owed() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let unproven = Order::default().submit_and_draw();
			deliver(unproven);
			let owed = Order::immediate().submit_and_draw();
			let inbox = Market::inbox(&(ALICE * 10), None);
			let shown: Vec<_> = inbox
				.iter()
				.map(|item| {
					(
						item.statement.workload,
						item.state,
						item.mode,
						item.output.is_some(),
					)
				})
				.collect();
			assert_eq!(
				shown,
				vec![
					(owed, WorkloadState::Assigned, Mode::Immediate, false),
					(unproven, WorkloadState::Unproven, Mode::Deferred, true),
				]
			);
			assert_eq!(inbox[0].input, INPUT.to_vec());
			assert!(inbox.iter().all(|item| item.prove_by == item.deadline));
			let late = Order::default().submit_and_draw();
			let due = workload(late).deadline;
			let item = Market::inbox(&(ALICE * 10), None)
				.into_iter()
				.find(|item| item.statement.workload == late)
				.unwrap();
			assert_eq!(item.deadline, due);
			assert_eq!(item.prove_by, due.after(parameters().proof_deadline));
			deliver(late);
			prove(late);
			prove(owed);
			prove(unproven);
			assert_eq!(Market::inbox(&(ALICE * 10), None), vec![]);
		});
}

#[test]
fn a_full_inbox_still_shows_what_is_due_first() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 1_000)])
		.parameters(slow_proofs)
		.build_and_execute(|| {
			while Inbox::<Test>::iter().count() < 300 {
				let ids: Vec<_> = (0..30).map(|_| Order::default().submit()).collect();
				run_to_draw();
				ids.into_iter().for_each(deliver);
			}
			let urgent = Order {
				max_price: 100 * price(),
				..Order::default()
			}
			.submit_and_draw();
			let inbox = Market::inbox(&(ALICE * 10), None);
			assert_eq!(inbox.len(), 256);
			assert_eq!(inbox[0].statement.workload, urgent);
			assert!(inbox.is_sorted_by_key(|item| item.deadline));
			// The next page begins where this one ends, and no page has what another has.
			let mut all = inbox;
			while let Some(last) = all.last().map(InboxItem::position) {
				let page = Market::inbox(&(ALICE * 10), Some(last));
				if page.is_empty() {
					break;
				}
				all.extend(page);
			}
			assert_eq!(all.len(), Inbox::<Test>::iter().count());
			assert!(all.is_sorted_by(|a, b| a.position() < b.position()));
			// What is overdue is in no page, whatever is asked for.
			let first = Some((Tick(0), WorkloadId([0; 32])));
			assert_eq!(Market::inbox(&(ALICE * 10), first), all[..256]);
		});
}

/// Parameters with time for a full inbox.
fn slow_proofs(parameters: &mut inference_primitives::ProtocolParameters) {
	parameters.proof_deadline = Ticks(500);
	parameters.unbonding = Ticks(2_000);
}

#[test]
fn workloads_under_a_disabled_key_take_no_place_in_the_view() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 1_000)])
		.parameters(slow_proofs)
		.build_and_execute(|| {
			while Inbox::<Test>::iter().count() < 300 {
				let ids: Vec<_> = (0..30).map(|_| Order::default().submit()).collect();
				run_to_draw();
				ids.into_iter().for_each(deliver);
			}
			let other = Order {
				model: model(2),
				value_at_risk: 3,
				..Order::default()
			}
			.submit_and_draw();
			// Its proof is due after all of theirs.
			deliver(other);
			let worker = ALICE * 10;
			assert_eq!(Market::inbox(&worker, None).len(), 256);
			disable(MODEL);
			let inbox = Market::inbox(&worker, None);
			assert_eq!(inbox.len(), 1);
			assert_eq!(inbox[0].statement.workload, other);
			assert_eq!(inbox[0].value_at_risk, 3);
		});
}

#[test]
fn overdue_workloads_take_no_place_in_the_view_although_the_hook_has_not_come_to_them() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let worker = ALICE * 10;
			let overdue = Order::default().submit_and_draw();
			let shown = || -> Vec<_> {
				let inbox = Market::inbox(&worker, None).into_iter();
				inbox.map(|item| item.statement.workload).collect()
			};
			run_to_tick(workload(overdue).deadline);
			// In the deadline's own tick it is in time.
			assert_eq!(shown(), [overdue]);
			pass_deadline_without_hook(overdue);
			assert!(owes(worker, overdue));
			assert_eq!(shown(), []);
			assert_ok!(Market::expire(RuntimeOrigin::signed(STRANGER), overdue));
		});
}

#[test]
fn inbox_entries_are_stored_in_the_order_of_deadlines() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let node = NodeId(99);
			// Beyond a byte's range, too.
			let ticks = [70_000, 3, 255, 256, 65_536, 4];
			for tick in ticks {
				let key = InboxKey::new(Tick(tick), WorkloadId([tick as u8; 32]));
				Inbox::<Test>::insert(node, key, ());
			}
			let stored: Vec<_> = Inbox::<Test>::iter_key_prefix(node).collect();
			let mut sorted = ticks;
			sorted.sort();
			assert_eq!(
				stored,
				sorted.map(|tick| InboxKey::new(Tick(tick), WorkloadId([tick as u8; 32])))
			);
			let _ = Inbox::<Test>::clear_prefix(node, u32::MAX, None);
		});
}
