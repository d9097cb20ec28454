//! Votes: whose tokens count, what they pass, what is rejected, and what it costs.

use super::network::*;
use crate::{
	configs::governance::{
		origins::pallet_origins::Origin,
		periods::{blocks, DAY},
	},
	Balance, Balances, OriginCaller, Referenda, Runtime, RuntimeHoldReason, System,
};
use frame_support::traits::{fungible::InspectHold, schedule::DispatchTime, Bounded};
use pallet_conviction_voting::TallyOf;
use sp_keyring::Sr25519Keyring::*;
use sp_runtime::{
	traits::{BlakeTwo256, Hash as _},
	DispatchError,
};

fn tally(index: u32) -> TallyOf<Runtime> {
	Referenda::ensure_ongoing(index)
		.expect("it is ongoing")
		.tally
}

/// Balances' locks lie over holds, which the market moves to other accounts: the same tokens would vote from each.
#[test]
fn tokens_that_secure_something_do_not_vote_and_what_votes_secures_nothing() {
	on_a_network(|mut network| {
		let bond = |amount: Balance| pallet_worker_staking::Call::<Runtime>::bond { amount };
		let insufficient = pallet_conviction_voting::Error::<Runtime>::InsufficientFunds;
		assert_eq!(network.send(Bob, bond(600_000 * UNIT)), Ok(()));
		let index = network.propose(root(), mark(b"free"));
		assert_eq!(
			network.vote(Bob, index, true, 400_001 * UNIT),
			Err(insufficient.into())
		);
		assert_eq!(network.vote(Bob, index, true, 300_000 * UNIT), Ok(()));
		assert_eq!(tally(index).support, 300_000 * UNIT);
		let bob = Bob.to_account_id();
		let voting = crate::configs::governance::origins::pallet_origins::HoldReason::Voting;
		let held = || Balances::balance_on_hold(&voting.into(), &bob);
		assert_eq!(held(), 300_000 * UNIT);
		// What votes cannot be bonded or paid away.
		assert!(network.send(Bob, bond(100_000 * UNIT)).is_err());
		let pay = pallet_balances::Call::<Runtime>::transfer_allow_death {
			dest: Eve.to_account_id().into(),
			value: 100_001 * UNIT,
		};
		assert!(network.send(Bob, pay).is_err());
		// Without a vote nothing is held.
		let remove = VotingCall::remove_vote { class: None, index };
		assert_eq!(network.send(Bob, remove), Ok(()));
		let unlock = VotingCall::unlock {
			class: crate::configs::governance::tracks::ROOT,
			target: bob.clone().into(),
		};
		assert_eq!(network.send(Bob, unlock), Ok(()));
		assert_eq!(held(), 0);
	});
}

/// Stake votes where it is. What the vote locked stays locked when it is staked no longer, and can be staked again.
#[test]
fn what_is_staked_votes_and_cannot_vote_again_once_it_is_withdrawn() {
	let short = serde_json::json!({
		"networkParameters": { "sessionsPerEra": 1, "bondingEras": 3 },
	});
	on_a_network_with(short, |mut network| {
		use pallet_staking::{Call as StakingCall, RewardDestination};
		let bob = Bob.to_account_id();
		let voting = crate::configs::governance::origins::pallet_origins::HoldReason::Voting;
		let held = || Balances::balance_on_hold(&voting.into(), &bob);
		let staked =
			|| Balances::balance_on_hold(&pallet_staking::HoldReason::Staking.into(), &bob);
		let before = staked();
		let bond = StakingCall::<Runtime>::bond {
			value: 600_000 * UNIT,
			payee: RewardDestination::Staked,
		};
		assert_eq!(network.send(Bob, bond), Ok(()));
		assert_eq!(staked(), before + 600_000 * UNIT);
		let index = network.propose(root(), mark(b"staked"));
		assert_eq!(network.vote(Bob, index, true, VOTE), Ok(()));
		assert_eq!(tally(index).support, VOTE);
		assert_eq!(held(), VOTE - staked());
		// More than is free and staked together does not vote.
		let insufficient = pallet_conviction_voting::Error::<Runtime>::InsufficientFunds;
		assert_eq!(
			network.vote(Bob, index, true, 1_000_001 * UNIT),
			Err(insufficient.into())
		);

		let unbond = StakingCall::<Runtime>::unbond { value: staked() };
		assert_eq!(network.send(Bob, unbond), Ok(()));
		let mut left = 1_000;
		while staked() > 0 {
			let withdraw = StakingCall::<Runtime>::withdraw_unbonded {
				num_slashing_spans: 0,
			};
			assert_eq!(network.send(Bob, withdraw), Ok(()));
			// The vote has as much throughout, staked or held.
			assert_eq!(held(), VOTE - staked());
			network.next_block();
			left -= 1;
			assert!(left > 0, "nothing is unbonded");
		}
		assert_eq!(held(), VOTE);
		// It cannot be sent to another voter, or secure a worker.
		let pay = pallet_balances::Call::<Runtime>::transfer_allow_death {
			dest: Eve.to_account_id().into(),
			value: 200_000 * UNIT,
		};
		assert!(network.send(Bob, pay).is_err());
		let secure = pallet_worker_staking::Call::<Runtime>::bond {
			amount: 200_000 * UNIT,
		};
		assert!(network.send(Bob, secure).is_err());
		// It can be staked.
		let again = StakingCall::<Runtime>::bond {
			value: 500_000 * UNIT,
			payee: RewardDestination::Staked,
		};
		assert_eq!(network.send(Bob, again), Ok(()));
		assert_eq!((staked(), held()), (500_000 * UNIT, VOTE - 500_000 * UNIT));
		// Once nothing locks it, only the stake is left. The poll has ended meanwhile.
		let remove = VotingCall::remove_vote {
			class: Some(crate::configs::governance::tracks::ROOT),
			index,
		};
		assert_eq!(network.send(Bob, remove), Ok(()));
		network.pass(blocks(8 * DAY));
		let unlock = VotingCall::unlock {
			class: crate::configs::governance::tracks::ROOT,
			target: bob.clone().into(),
		};
		assert_eq!(network.send(Bob, unlock), Ok(()));
		assert_eq!((staked(), held()), (500_000 * UNIT, 0));
	});
}

#[test]
fn what_has_not_vested_is_held_and_becomes_free_bit_by_bit() {
	on_a_network(|mut network| {
		let schedule = pallet_vesting::VestingInfo::new(1_000 * UNIT, 100 * UNIT, 5);
		let give = pallet_vesting::Call::<Runtime>::vested_transfer {
			target: One.to_account_id().into(),
			schedule,
		};
		assert_eq!(network.send(Bob, give), Ok(()));
		let one = One.to_account_id();
		let reason = crate::configs::governance::origins::pallet_origins::HoldReason::Vesting;
		let held = || Balances::balance_on_hold(&reason.into(), &one);
		// All but what the account lives by.
		assert_eq!(held(), 1_000 * UNIT - crate::EXISTENTIAL_DEPOSIT);
		let vest = || pallet_vesting::Call::<Runtime>::vest_other {
			target: One.to_account_id().into(),
		};
		network.pass(8);
		assert_eq!(network.send(Bob, vest()), Ok(()));
		let now = System::block_number();
		assert_eq!(held(), (1_000 - 100 * Balance::from(now - 5)) * UNIT);
		network.pass(10);
		assert_eq!(network.send(Bob, vest()), Ok(()));
		assert_eq!(held(), 0);
		assert_eq!(Balances::free_balance(&one), 1_000 * UNIT);
	});
}

#[test]
fn a_referendum_that_most_want_passes_in_as_little_time_as_the_track_takes() {
	on_a_network(|mut network| {
		let index = network.propose(root(), mark(b"passed"));
		network.approve(index, &VOTERS);
		let begun = System::block_number();
		assert_eq!(network.enact(index), Ok(()));
		assert_eq!(marked(), Some(b"passed".to_vec()));
		// Confirmation and enactment, a day each.
		let least = 2 * blocks(DAY);
		let took = System::block_number() - begun;
		assert!((least..least + 6).contains(&took), "{took} blocks");
	});
}

#[test]
fn what_few_vote_for_is_rejected_at_the_end() {
	on_a_network(|mut network| {
		let index = network.propose(root(), mark(b"few"));
		// A twentieth of the tokens; root's track wants a tenth at last.
		assert_eq!(network.vote(Bob, index, true, 300_000 * UNIT), Ok(()));
		network.pass(blocks(14 * DAY) + 5);
		assert!(network.rejected(index));
		assert_eq!((network.enacted(index), marked()), (None, None));
	});
}

#[test]
fn what_as_many_oppose_is_rejected_however_many_vote() {
	on_a_network(|mut network| {
		let index = network.propose(root(), mark(b"opposed"));
		network.approve(index, &[Bob, Charlie]);
		for voter in [Dave, Eve] {
			assert_eq!(network.vote(voter, index, false, VOTE), Ok(()));
		}
		network.pass(blocks(14 * DAY) + 5);
		assert!(network.rejected(index));
		assert_eq!(marked(), None);
	});
}

#[test]
fn an_origin_without_a_track_has_no_referendum() {
	on_a_network(|mut network| {
		let nobody: OriginCaller = frame_system::RawOrigin::Signed(Eve.to_account_id()).into();
		let call = codec::Encode::encode(&mark(b"nobody"));
		let submit = ReferendaCall::submit {
			proposal_origin: Box::new(nobody),
			proposal: Bounded::Inline(call.try_into().expect("a short call")),
			enactment_moment: DispatchTime::After(0),
		};
		assert_eq!(
			network.send(PROPOSER, submit),
			Err(pallet_referenda::Error::<Runtime>::NoTrack.into())
		);
	});
}

#[test]
fn deposits_come_back_but_for_the_submission_of_what_was_rejected() {
	on_a_network(|mut network| {
		let proposer = PROPOSER.to_account_id();
		let reserved = || -> Balance { Balances::reserved_balance(&proposer) };
		let before = reserved();
		let passed = network.propose(Origin::Parameters, call_named("System.remark"));
		let preimage = RuntimeHoldReason::Preimage(pallet_preimage::HoldReason::Preimage);
		let held = Balances::balance_on_hold(&preimage, &proposer);
		assert!(held > 0);
		assert_eq!(reserved() - before, 10 * UNIT + 1_000 * UNIT + held);
		network.approve(passed, &VOTERS);
		let refund = ReferendaCall::refund_decision_deposit { index: passed };
		assert_eq!(
			network.send(Eve, refund.clone()),
			Err(pallet_referenda::Error::<Runtime>::Unfinished.into())
		);
		assert_eq!(network.enact(passed), Ok(()));
		// Anyone asks for them.
		assert_eq!(network.send(Eve, refund), Ok(()));
		let refund = ReferendaCall::refund_submission_deposit { index: passed };
		assert_eq!(network.send(Eve, refund), Ok(()));
		let hash = BlakeTwo256::hash_of(&call_named("System.remark"));
		let unnote = pallet_preimage::Call::<Runtime>::unnote_preimage { hash };
		assert_eq!(network.send(PROPOSER, unnote), Ok(()));
		assert_eq!(reserved(), before);

		let rejected = network.propose(Origin::SmallSpender, mark(b"never"));
		network.pass(blocks(7 * DAY) + 5);
		assert!(network.rejected(rejected));
		let refund = ReferendaCall::refund_decision_deposit { index: rejected };
		assert_eq!(network.send(Eve, refund), Ok(()));
		let refund = ReferendaCall::refund_submission_deposit { index: rejected };
		assert_eq!(
			network.send(Eve, refund),
			Err(pallet_referenda::Error::<Runtime>::BadStatus.into())
		);
	});
}

#[test]
fn nobody_enacts_alone() {
	on_a_network(|mut network| {
		let index = network.propose(root(), mark(b"alone"));
		for call in [
			ReferendaCall::nudge_referendum { index },
			ReferendaCall::cancel { index },
			ReferendaCall::kill { index },
		] {
			assert_eq!(network.send(Eve, call), Err(DispatchError::BadOrigin));
		}
	});
}
