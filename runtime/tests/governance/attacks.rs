//! What who has tokens and wants to stop governance tries: to occupy tracks, to fill lists, to make it dear.

use super::network::*;
use crate::{
	configs::{
		governance::{
			agenda::SPREAD,
			origins::pallet_origins::Origin,
			periods::{blocks, DAY},
			tracks::ROOT,
		},
		technical_committee::TechnicalCollective,
	},
	BlockNumber, NetworkParameters, Referenda, Runtime, RuntimeCall, RuntimeHoldReason, System,
	SystemCall, Treasury, UtilityCall,
};
use codec::Encode;
use frame_support::traits::{fungible::InspectHold, schedule::DispatchTime, Bounded, Get};
use inference_primitives::traits::Network as _;
use pallet_referenda::{DecidingCount, ReferendumIndex, TrackQueue};
use pallet_scheduler::Agenda;
use sp_keyring::Sr25519Keyring::*;
use sp_runtime::{
	traits::{BlakeTwo256, Hash as _},
	DispatchError,
};

/// What the agenda of a block has places for.
fn places() -> u32 {
	<Runtime as pallet_scheduler::Config>::MaxScheduledPerBlock::get()
}

/// Whether a referendum is being decided.
fn is_decided(index: ReferendumIndex) -> bool {
	let status = Referenda::ensure_ongoing(index).expect("it is ongoing");
	status.deciding.is_some()
}

/// A referendum on root's track that nobody wants.
fn junk(network: &mut Network) -> ReferendumIndex {
	let number = pallet_referenda::ReferendumCount::<Runtime>::get();
	network.propose(root(), mark(&number.encode()))
}

/// A referendum without decision deposit, for a call that is in it.
fn submission(call: RuntimeCall, when: DispatchTime<BlockNumber>) -> RuntimeCall {
	let call = call.encode().try_into().expect("a short call");
	ReferendaCall::submit {
		proposal_origin: Box::new(root()),
		proposal: Bounded::Inline(call),
		enactment_moment: when,
	}
	.into()
}

/// Fills the agenda of a block with the ends of referenda that are submitted now. Dear: 10 INF each.
fn fill_agenda(network: &mut Network, block: BlockNumber) {
	assert_eq!(System::block_number() + blocks(14 * DAY), block);
	let batch = 64;
	for _ in 0..places().div_ceil(batch) {
		let calls = vec![submission(mark(b"junk"), DispatchTime::After(0)); batch as usize];
		let batch = UtilityCall::<Runtime>::batch_all { calls };
		assert_eq!(network.send(PROPOSER, batch), Ok(()));
	}
	// All of them in this block, and no place is left in that one.
	assert_eq!(System::block_number() + blocks(14 * DAY), block);
	let agenda = Agenda::<Runtime>::get(block);
	assert_eq!(agenda.iter().flatten().count(), places() as usize);
}

/// Goes on to a block.
fn go_to(network: &mut Network, block: BlockNumber) {
	let now = System::block_number();
	network.pass(block.checked_sub(now).expect("it is yet to come"));
}

#[test]
fn junk_on_roots_track_delays_what_people_want_by_one_decision_at_most() {
	on_a_network(|mut network| {
		// Four of five places: as if they were not there.
		for _ in 0..4 {
			junk(&mut network);
		}
		network.pass(2);
		assert_eq!(DecidingCount::<Runtime>::get(ROOT), 4);
		assert_eq!(network.decide(root(), mark(b"first")), Ok(()));
		assert_eq!(marked(), Some(b"first".to_vec()));

		// All five places, and all of the queue.
		network.pass(2);
		junk(&mut network);
		network.pass(2);
		let begun = System::block_number();
		assert_eq!(DecidingCount::<Runtime>::get(ROOT), 5);
		let queued = <Runtime as pallet_referenda::Config>::MaxQueued::get();
		for _ in 0..queued {
			junk(&mut network);
		}
		network.pass(2);
		assert_eq!(TrackQueue::<Runtime>::get(ROOT).len(), queued as usize);
		let wanted = network.propose(root(), mark(b"second"));
		network.approve(wanted, &VOTERS);
		network.pass(2);
		assert!(!is_decided(wanted));
		// It has the place that is free first, whatever waited before it.
		assert_eq!(network.enact(wanted), Ok(()));
		assert_eq!(marked(), Some(b"second".to_vec()));
		let took = System::block_number() - begun;
		let most = blocks(14 * DAY) + 2 * blocks(DAY) + 10;
		assert!(took <= most, "{took} blocks");
	});
}

#[test]
fn junk_on_roots_track_is_killed_by_the_committee_and_a_tenth_of_the_tokens() {
	on_a_network(|mut network| {
		let junk: Vec<_> = (0..5).map(|_| junk(&mut network)).collect();
		network.pass(2);
		assert_eq!(DecidingCount::<Runtime>::get(ROOT), 5);
		let pot = Treasury::pot();
		let calls = junk
			.iter()
			.map(|index| ReferendaCall::kill { index: *index }.into())
			.collect();
		let kill: RuntimeCall = UtilityCall::<Runtime>::batch_all { calls }.into();
		let whitelist = WhitelistCall::whitelist_call {
			call_hash: BlakeTwo256::hash_of(&kill),
		};
		assert_eq!(network.motion(&[Alice], 1, whitelist), Some(Ok(())));
		let dispatch = WhitelistCall::dispatch_whitelisted_call_with_preimage {
			call: Box::new(kill),
		};
		let index = network.propose(Origin::WhitelistedCaller, dispatch);
		assert_eq!(network.vote(Bob, index, true, 800_000 * UNIT), Ok(()));
		assert_eq!(network.enact(index), Ok(()));
		// Each cost who made it both deposits, and what people want is decided at once.
		assert_eq!(Treasury::pot() - pot, 5 * 5_010 * UNIT);
		network.pass(2);
		assert_eq!(DecidingCount::<Runtime>::get(ROOT), 0);
		let wanted = network.propose(root(), mark(b"wanted"));
		network.pass(2);
		assert!(is_decided(wanted));
	});
}

/// A track counts what is decided on it, and an alarm in the block after an end takes one off. Without these alarms
/// five ends would leave root's track without a place, for good.
#[test]
fn a_full_agenda_after_the_end_of_a_referendum_does_not_cost_the_track_its_place() {
	on_a_network(|mut network| {
		network.pass(2);
		let begun = System::block_number();
		for _ in 0..5 {
			junk(&mut network);
		}
		assert_eq!(System::block_number(), begun, "they are all of one block");
		// Decided from the next block on, for 14 days. The agenda of the block after is full.
		let end = begun + 1 + blocks(14 * DAY);
		go_to(&mut network, begun + 2);
		assert_eq!(DecidingCount::<Runtime>::get(ROOT), 5);
		fill_agenda(&mut network, end + 1);
		go_to(&mut network, end);
		assert!((0..5).all(is_over));
		go_to(&mut network, end + 2 + SPREAD);
		assert_eq!(DecidingCount::<Runtime>::get(ROOT), 0);
		assert_eq!(network.decide(root(), mark(b"after all")), Ok(()));
		assert_eq!(marked(), Some(b"after all".to_vec()));
	});
}

/// Whether a referendum ended.
fn is_over(index: ReferendumIndex) -> bool {
	Referenda::ensure_ongoing(index).is_err()
}

#[test]
fn a_full_agenda_does_not_lose_what_was_decided() {
	on_a_network(|mut network| {
		// Its block is known from the beginning.
		network.pass(2);
		let begun = System::block_number();
		let due = begun + 4 + blocks(14 * DAY);
		let index = pallet_referenda::ReferendumCount::<Runtime>::get();
		let submit = submission(mark(b"decided"), DispatchTime::At(due));
		assert_eq!(network.send(PROPOSER, submit), Ok(()));
		let deposit = ReferendaCall::place_decision_deposit { index };
		assert_eq!(network.send(PROPOSER, deposit), Ok(()));
		network.approve(index, &VOTERS);
		go_to(&mut network, begun + 4);
		assert!(!is_over(index));
		fill_agenda(&mut network, due);
		go_to(&mut network, due);
		assert!(is_over(index));
		assert_eq!(marked(), None);
		go_to(&mut network, due + 2 + SPREAD);
		assert_eq!(network.enacted(index), Some(Ok(())));
		assert_eq!(marked(), Some(b"decided".to_vec()));
	});
}

#[test]
fn a_member_makes_motions_dear_for_itself_and_not_for_the_others() {
	let members = [Alice, Bob, Charlie].map(|key| key.to_account_id());
	let change = serde_json::json!({ "technicalCommittee": { "members": members } });
	on_a_network_with(change, |mut network| {
		let reason = RuntimeHoldReason::TechnicalCommittee(
			pallet_collective::HoldReason::ProposalSubmission,
		);
		let held = |who: sp_keyring::Sr25519Keyring| {
			crate::Balances::balance_on_hold(&reason, &who.to_account_id())
		};
		// Alice, who has a million, makes as many motions as she can.
		let (mut motions, mut paid) = (0u32, 0);
		let refused = loop {
			let remark = SystemCall::<Runtime>::remark {
				remark: motions.encode(),
			};
			let proposal: RuntimeCall = remark.into();
			let propose = CommitteeCall::propose {
				threshold: 2,
				length_bound: u32::try_from(proposal.encoded_size()).expect("it is short"),
				proposal: Box::new(proposal),
			};
			if let Err(error) = network.send(Alice, propose) {
				break error;
			}
			paid += UNIT << motions;
			motions += 1;
			assert_eq!(held(Alice), paid);
		};
		assert!(matches!(refused, DispatchError::Token(_)), "{refused:?}");
		// 2^19 - 1 of her million, and no place of the list is anybody else's for that.
		assert_eq!(motions, 19);

		// The others pull a brake, for a token that comes back.
		let stop = pallet_network_parameters::Call::<Runtime>::set_serving { serving: false };
		assert_eq!(
			network.motion(&[Bob, Charlie], 2, stop.clone()),
			Some(Ok(()))
		);
		assert!(!NetworkParameters::is_serving());
		assert_eq!(held(Bob), UNIT);
		let proposal_hash = BlakeTwo256::hash_of(&RuntimeCall::from(stop));
		let release = CommitteeCall::release_proposal_cost { proposal_hash };
		assert_eq!(network.send(Eve, release), Ok(()));
		assert_eq!(held(Bob), 0);
		// What is over does not count.
		let start = pallet_network_parameters::Call::<Runtime>::set_serving { serving: true };
		assert_eq!(network.motion(&[Bob, Charlie], 2, start), Some(Ok(())));
		let again = pallet_network_parameters::Call::<Runtime>::set_serving { serving: false };
		assert_eq!(network.motion(&[Bob, Charlie], 2, again), Some(Ok(())));
		assert_eq!(held(Bob), 2 * UNIT);
		assert_eq!(
			pallet_collective::Proposals::<Runtime, TechnicalCollective>::get().len(),
			motions as usize
		);
	});
}
