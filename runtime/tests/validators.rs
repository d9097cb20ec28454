//! Validators: elected by stake, paid by era, slashed for equivocating; and what of it is minted.

use super::{
	chain::{signed, Chain},
	*,
};
use crate::configs::{
	inference_market::Treasury,
	staking::{EraPayout, ReportLongevity},
};
use codec::{Decode, Encode};
use frame_support::{
	storage::with_transaction_unchecked,
	traits::{fungible::InspectHold, Get},
};
use inference_primitives::parameters::UNIT;
use pallet_staking::{
	ActiveEra, Call as StakingCall, EraInfo, Event as StakingEvent, HoldReason, RewardDestination,
	ValidatorPrefs,
};
use sp_consensus_babe::BABE_ENGINE_ID;
use sp_core::{
	ed25519,
	offchain::{testing::TestTransactionPoolExt, TransactionPoolExt},
	sr25519, Pair,
};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, Ferdie};
use sp_runtime::{
	traits::Header as _,
	transaction_validity::{
		InvalidTransaction, TransactionSource, TransactionValidity, TransactionValidityError,
	},
	Digest, DigestItem, DispatchResult, Perbill, TransactionOutcome,
};
use sp_staking::EraPayout as _;

/// Blocks of a session, and of an era, in these tests.
const SESSION: u32 = 10;
const ERA: u32 = 2 * SESSION;

/// The pool of a node, for what the runtime submits to it.
struct Node(Box<dyn Fn() -> Option<Vec<u8>>>);

impl Node {
	/// What this report of an equivocation puts into the pool.
	fn reported(&self, report: impl FnOnce() -> Option<()>) -> Option<UncheckedExtrinsic> {
		report()?;
		let bytes = (self.0)()?;
		Some(UncheckedExtrinsic::decode(&mut &bytes[..]).expect("it encoded one"))
	}
}

/// On a chain of the local preset's four validators, with short eras; stake stays bonded for as many as given.
fn in_local_chain(bonding_eras: u32, test: impl FnOnce(&Node)) {
	let times = serde_json::json!({
		"babeEpochSlots": SESSION,
		"sessionsPerEra": ERA / SESSION,
		"bondingEras": bonding_eras,
	});
	let change = serde_json::json!({ "networkParameters": times });
	let preset = sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET.into();
	let storage = genesis_of(&preset, change).build_storage();
	let mut chain = sp_io::TestExternalities::from(storage.expect("the preset builds"));
	let (pool, state) = TestTransactionPoolExt::new();
	chain.register_extension(TransactionPoolExt::new(pool));
	let node = Node(Box::new(move || state.write().transactions.pop()));
	chain.execute_with(|| test(&node));
}

fn pass(chain: &mut Chain, blocks: u32) {
	for _ in 0..blocks {
		chain.pass();
	}
}

/// What these transactions come to, one a block; each must succeed.
fn call(chain: &mut Chain, who: Sr25519Keyring, calls: impl IntoIterator<Item = RuntimeCall>) {
	for call in calls {
		let text = format!("{call:?}");
		assert_eq!(
			include(chain, || signed(who, call.clone())),
			Ok(()),
			"{text}"
		);
	}
}

/// A block with this transaction: the next but one if the next is the first of a session, which has no room.
fn include(chain: &mut Chain, transaction: impl Fn() -> UncheckedExtrinsic) -> DispatchResult {
	let full = TransactionValidityError::from(InvalidTransaction::ExhaustsResources);
	loop {
		chain.initialize();
		chain.apply_inherents();
		let result = Executive::apply_extrinsic(transaction());
		chain.finalize();
		match result {
			Ok(result) => return result,
			Err(error) => assert_eq!(error, full),
		}
	}
}

/// What a pool says of a transaction. It begins a block of its own.
fn in_pool(source: TransactionSource, transaction: &UncheckedExtrinsic) -> TransactionValidity {
	with_transaction_unchecked(|| {
		TransactionOutcome::Rollback(Executive::validate_transaction(
			source,
			transaction.clone(),
			Hash::default(),
		))
	})
}

fn active_era() -> u32 {
	ActiveEra::<Runtime>::get().expect("there is one").index
}

fn validators() -> Vec<AccountId> {
	pallet_session::Validators::<Runtime>::get()
}

fn staked(who: Sr25519Keyring) -> Balance {
	Balances::balance_on_hold(&HoldReason::Staking.into(), &who.to_account_id())
}

fn bond(amount: Balance) -> RuntimeCall {
	StakingCall::bond {
		value: amount,
		payee: RewardDestination::Staked,
	}
	.into()
}

fn validate() -> RuntimeCall {
	StakingCall::validate {
		prefs: ValidatorPrefs::default(),
	}
	.into()
}

fn nominate(whom: Sr25519Keyring) -> RuntimeCall {
	StakingCall::nominate {
		targets: vec![whom.to_account_id().into()],
	}
	.into()
}

/// The session keys of a validator that is none of the genesis.
fn set_keys(who: Sr25519Keyring) -> RuntimeCall {
	let babe = sr25519::Pair::from_seed(&[9; 32]);
	let grandpa = ed25519::Pair::from_seed(&[9; 32]);
	let statement = [b"POP_".as_slice(), &who.to_account_id().encode()].concat();
	pallet_session::Call::set_keys {
		keys: SessionKeys {
			babe: babe.public().into(),
			grandpa: grandpa.public().into(),
			authority_discovery: babe.public().into(),
		},
		proof: (
			babe.sign(&statement),
			grandpa.sign(&statement),
			babe.sign(&statement),
		)
			.encode(),
	}
	.into()
}

/// Events of the last block.
fn events() -> Vec<RuntimeEvent> {
	System::read_events_no_consensus()
		.map(|record| record.event)
		.collect()
}

#[test]
fn each_preset_has_its_validators_elected_by_their_stake() {
	for preset in genesis_presets::preset_names() {
		chain_of(&preset).execute_with(|| {
			let elected = validators();
			assert!(!elected.is_empty());
			assert_eq!(active_era(), 0);
			for who in elected {
				let exposure = EraInfo::<Runtime>::get_full_exposure(0, &who);
				assert_eq!(exposure.own, 10_000 * UNIT);
			}
		});
	}
}

#[test]
fn whoever_has_keys_and_stake_is_elected_and_whoever_chills_is_not() {
	in_local_chain(3, |_| {
		let mut chain = Chain::new();
		let eve = Eve.to_account_id();
		call(
			&mut chain,
			Eve,
			[bond(2_000 * UNIT), set_keys(Eve), validate()],
		);
		assert!(!validators().contains(&eve));
		pass(&mut chain, 2 * ERA);
		assert!(validators().contains(&eve));
		assert_eq!(validators().len(), 5);
		// Nobody but who authored has points: no pay without work.
		pass(&mut chain, 2 * ERA);
		let era = active_era() - 1;
		let before = staked(Eve);
		call(
			&mut chain,
			Ferdie,
			[StakingCall::payout_stakers {
				validator_stash: eve.clone(),
				era,
			}
			.into()],
		);
		assert_eq!(staked(Eve), before);
		call(&mut chain, Eve, [StakingCall::chill {}.into()]);
		pass(&mut chain, 2 * ERA);
		assert!(!validators().contains(&eve));
		// Unbonded stake is free after the eras of the genesis, and not before.
		let unbond = StakingCall::unbond {
			value: 2_000 * UNIT,
		};
		let withdraw = || StakingCall::withdraw_unbonded {
			num_slashing_spans: 0,
		};
		call(&mut chain, Eve, [unbond.into(), withdraw().into()]);
		assert_eq!(staked(Eve), 2_000 * UNIT);
		pass(&mut chain, 4 * ERA);
		call(&mut chain, Eve, [withdraw().into()]);
		assert_eq!(staked(Eve), 0);
	});
}

#[test]
fn too_little_stake_validates_and_nominates_nothing() {
	in_local_chain(3, |_| {
		let mut chain = Chain::new();
		call(&mut chain, Eve, [bond(999 * UNIT)]);
		let refused = include(&mut chain, || signed(Eve, validate()));
		let too_little = || pallet_staking::Error::<Runtime>::InsufficientBond.into();
		assert_eq!(refused, Err(too_little()));
		call(&mut chain, Ferdie, [bond(9 * UNIT)]);
		let refused = include(&mut chain, || signed(Ferdie, nominate(Alice)));
		assert_eq!(refused, Err(too_little()));
	});
}

/// Rule 1: what an era mints is what the curve says, and each planck of it is named by an event.
#[test]
fn an_era_mints_what_the_curve_says_for_those_who_worked_and_the_treasury() {
	in_local_chain(3, |_| {
		let mut chain = Chain::new();
		let everybody = [Alice, Bob, Charlie, Dave];
		let nominate = StakingCall::nominate {
			targets: everybody.map(|key| key.to_account_id().into()).to_vec(),
		};
		call(&mut chain, Ferdie, [bond(5_000 * UNIT), nominate.into()]);
		// To an era in which Ferdie's stake counts.
		while active_era() < 3 {
			pass(&mut chain, 1);
		}
		// The first authority authors all of its blocks.
		let author = validators()[0].clone();
		let exposure = EraInfo::<Runtime>::get_full_exposure(3, &author);
		assert!(exposure.own == 10_000 * UNIT && exposure.total > exposure.own);
		let treasury = Balances::free_balance(Treasury::get());
		let (issuance, stakers, rest) = loop {
			let issuance = Balances::total_issuance();
			pass(&mut chain, 1);
			let paid = events().into_iter().find_map(|event| match event {
				RuntimeEvent::Staking(StakingEvent::EraPaid {
					era_index: 3,
					validator_payout,
					remainder,
				}) => Some((validator_payout, remainder)),
				_ => None,
			});
			if let Some((stakers, rest)) = paid {
				break (issuance, stakers, rest);
			}
		};
		// From the time of its first block to that of its last.
		let era_ms = u64::from(ERA - 1) * 1_000;
		let staked_in_all = 4 * 10_000 * UNIT + 5_000 * UNIT;
		assert_eq!(
			(stakers, rest),
			EraPayout::era_payout(staked_in_all, issuance, era_ms)
		);
		// Six percent a year in all, of which the stakers get one and what the stake earns.
		let year = (stakers + rest) * Balance::from(31_557_600_000 / era_ms);
		let most = issuance * 6 / 100;
		assert!(year.abs_diff(most) < most / 1_000, "{year} of {most}");
		assert!(stakers >= rest / 5 && stakers < rest);
		// The treasury's part is minted with the era's end, the stakers' when somebody asks.
		assert_eq!(Balances::total_issuance(), issuance + rest);
		assert_eq!(Balances::free_balance(Treasury::get()), treasury + rest);
		let stake_of =
			|who: &AccountId| Balances::balance_on_hold(&HoldReason::Staking.into(), who);
		let before = (
			stake_of(&author),
			staked(Ferdie),
			Balances::total_issuance(),
		);
		let payout = || StakingCall::payout_stakers {
			validator_stash: author.clone(),
			era: 3,
		};
		chain.initialize();
		chain.apply_inherents();
		let paid = Executive::apply_extrinsic(signed(Bob, payout().into()));
		assert_eq!(paid, Ok(Ok(())));
		let fee: Balance = events()
			.into_iter()
			.map(|event| match event {
				RuntimeEvent::TransactionPayment(
					pallet_transaction_payment::Event::TransactionFeePaid { actual_fee, .. },
				) => actual_fee,
				_ => 0,
			})
			.sum();
		let to_author = stake_of(&author) - before.0;
		let to_ferdie = staked(Ferdie) - before.1;
		assert_eq!(
			Balances::total_issuance() + fee,
			before.2 + to_author + to_ferdie
		);
		// It and its nominator share by stake.
		let all = to_author + to_ferdie;
		assert!(
			all <= stakers && stakers - all < UNIT / 1_000_000,
			"{all} of {stakers}"
		);
		let by_stake = all * exposure.own / exposure.total;
		assert!(to_author.abs_diff(by_stake) < UNIT / 1_000_000);
		// Nobody is paid twice.
		let again = Executive::apply_extrinsic(signed(Bob, payout().into()));
		assert!(matches!(again, Ok(Err(_))), "{again:?}");
	});
}

#[test]
fn inflation_is_between_one_and_six_percent_and_stakers_get_most_at_the_ideal() {
	let issuance = 6_000_000 * UNIT;
	let year = 31_557_600_000;
	let stakers = |percent: u128| {
		let (stakers, rest) = EraPayout::era_payout(issuance * percent / 100, issuance, year);
		let all = stakers + rest;
		assert!(
			all.abs_diff(issuance * 6 / 100) < UNIT,
			"{all} in all at {percent} %"
		);
		stakers
	};
	assert!(stakers(0).abs_diff(issuance / 100) < UNIT);
	assert!(stakers(25).abs_diff(issuance * 35 / 1_000) < UNIT);
	assert!(stakers(50).abs_diff(issuance * 6 / 100) < UNIT);
	// A twentieth beyond the ideal halves what is above the least.
	assert!(stakers(55).abs_diff(issuance * 35 / 1_000) < UNIT);
	assert!(stakers(100) < issuance * 11 / 1_000);
	// An era that stood still is paid for a year at most.
	assert_eq!(
		EraPayout::era_payout(issuance / 2, issuance, u64::MAX),
		EraPayout::era_payout(issuance / 2, issuance, year)
	);
	assert_eq!(EraPayout::era_payout(0, 0, 1_000), (0, 0));
}

/// A header that this key sealed as the author of a slot.
fn sealed(author: &sr25519::Pair, authority_index: u32, slot: u64, state: u8) -> Header {
	let mut header = Header::new(
		7,
		Default::default(),
		[state; 32].into(),
		Default::default(),
		digest_in_slot(authority_index, slot),
	);
	let seal = author.sign(header.hash().as_ref());
	header
		.digest
		.push(DigestItem::Seal(BABE_ENGINE_ID, seal.encode()));
	header
}

fn babe_equivocation(
	author: Sr25519Keyring,
	slot: u64,
	states: [u8; 2],
) -> sp_consensus_babe::EquivocationProof<Header> {
	let authorities = pallet_babe::Authorities::<Runtime>::get();
	let offender: sp_consensus_babe::AuthorityId = author.public().into();
	let index = authorities.iter().position(|(id, _)| *id == offender);
	let index = u32::try_from(index.expect("an authority")).expect("there are few");
	let pair = author.pair();
	sp_consensus_babe::EquivocationProof {
		offender,
		slot: slot.into(),
		first_header: sealed(&pair, index, slot, states[0]),
		second_header: sealed(&pair, index, slot, states[1]),
	}
}

/// The report that a node of ours makes of a BABE equivocation.
fn report_babe(
	node: &Node,
	proof: sp_consensus_babe::EquivocationProof<Header>,
) -> Option<UncheckedExtrinsic> {
	use sp_consensus_babe::runtime_decl_for_babe_api::BabeApi;
	let owner = Runtime::generate_key_ownership_proof(proof.slot, proof.offender.clone())?;
	node.reported(|| Runtime::submit_report_equivocation_unsigned_extrinsic(proof, owner))
}

/// Votes of one validator for two blocks in the same round.
fn report_grandpa(
	node: &Node,
	voter: sp_keyring::Ed25519Keyring,
	round: u64,
) -> Option<UncheckedExtrinsic> {
	use sp_consensus_grandpa::{
		runtime_decl_for_grandpa_api::GrandpaApi, Equivocation, EquivocationProof,
	};
	let set = pallet_grandpa::CurrentSetId::<Runtime>::get();
	let vote = |hash: u8| {
		let vote = finality_grandpa::Prevote {
			target_hash: Hash::repeat_byte(hash),
			target_number: 7,
		};
		let message = finality_grandpa::Message::Prevote(vote.clone());
		let payload = sp_consensus_grandpa::localized_payload(round, set, &message);
		(vote, voter.pair().sign(&payload).into())
	};
	let offender: sp_consensus_grandpa::AuthorityId = voter.public().into();
	let proof = EquivocationProof::new(
		set,
		Equivocation::Prevote(finality_grandpa::Equivocation {
			round_number: round,
			identity: offender.clone(),
			first: vote(1),
			second: vote(2),
		}),
	);
	let owner = Runtime::generate_key_ownership_proof(set, offender)?;
	node.reported(|| Runtime::submit_report_equivocation_unsigned_extrinsic(proof, owner))
}

fn slashed() -> Vec<(AccountId, Balance)> {
	events()
		.into_iter()
		.filter_map(|event| match event {
			RuntimeEvent::Staking(StakingEvent::Slashed { staker, amount }) => {
				Some((staker, amount))
			},
			_ => None,
		})
		.collect()
}

/// From a node's report to the slash: the offender's stake and its nominators' goes to the treasury and, a
/// twentieth of it, to the block's author who included the report; nothing is burned.
fn an_equivocation_is_slashed(
	offender: Sr25519Keyring,
	report: impl FnOnce() -> UncheckedExtrinsic,
) {
	let treasury = || Balances::free_balance(Treasury::get());
	let mut chain = Chain::new();
	call(&mut chain, Ferdie, [bond(5_000 * UNIT), nominate(offender)]);
	pass(&mut chain, 2 * ERA);
	let report = report();
	let pool = |source| in_pool(source, &report);
	let valid = pool(TransactionSource::Local).expect("a node takes its own report");
	assert!(!valid.propagate);
	assert_eq!(valid.longevity, ReportLongevity::get());
	assert!(pool(TransactionSource::External).is_err());
	// Two eras: the slash waits for one, in which governance can cancel it.
	let before = (staked(offender), staked(Ferdie), treasury());
	assert_eq!(include(&mut chain, || report.clone()), Ok(()));
	let fraction = events().into_iter().find_map(|event| match event {
		RuntimeEvent::Staking(StakingEvent::SlashReported { fraction, .. }) => Some(fraction),
		_ => None,
	});
	// One of four: (3 / 4)^2.
	let fraction = fraction.expect("it was reported");
	assert_eq!(fraction, Perbill::from_rational(9u32, 16));
	assert_eq!((staked(offender), staked(Ferdie)), (before.0, before.1));
	// It authors nothing from now on.
	let index = validators()
		.iter()
		.position(|who| *who == offender.to_account_id())
		.and_then(|index| u32::try_from(index).ok())
		.expect("it is a validator");
	assert!(Session::disabled_validators().contains(&index));
	// The same report again is refused by the pool and the block.
	let again = in_pool(TransactionSource::Local, &report);
	assert!(again.is_err(), "{again:?}");
	// The offender takes its stake off, and tries in each block to have it before it is slashed.
	let flight = [
		StakingCall::chill {}.into(),
		StakingCall::unbond { value: before.0 }.into(),
	];
	call(&mut chain, offender, flight);
	let issuance = Balances::total_issuance();
	let (mut minted, mut burnt): (Balance, Balance) = (0, 0);
	let slashed = loop {
		let withdraw = StakingCall::withdraw_unbonded {
			num_slashing_spans: 10,
		};
		let withdraw: RuntimeCall = withdraw.into();
		// Whatever it comes to: the first block of a session has no room for it.
		chain.initialize();
		chain.apply_inherents();
		let _ = Executive::apply_extrinsic(signed(offender, withdraw));
		chain.finalize();
		for event in events() {
			match event {
				RuntimeEvent::Staking(StakingEvent::EraPaid { remainder, .. }) => {
					minted += remainder;
				},
				RuntimeEvent::TransactionPayment(
					pallet_transaction_payment::Event::TransactionFeePaid { actual_fee, .. },
				) => burnt += actual_fee,
				_ => {},
			}
		}
		let slashed = slashed();
		if !slashed.is_empty() {
			break slashed;
		}
		assert_eq!(staked(offender), before.0);
	};
	assert_eq!(Balances::total_issuance(), issuance + minted - burnt);
	let lost = |who: Sr25519Keyring, before: Balance| before - staked(who);
	let (own, others) = (lost(offender, before.0), lost(Ferdie, before.1));
	assert_eq!((own, others), (fraction * before.0, fraction * before.1));
	assert!(slashed.contains(&(offender.to_account_id(), own)));
	assert!(slashed.contains(&(Ferdie.to_account_id(), others)));
	let reward = (own + others) / 20;
	assert_eq!(treasury(), before.2 + minted + own + others - reward);
}

#[test]
fn an_author_of_two_blocks_in_one_slot_loses_its_stake() {
	in_local_chain(3, |node| {
		an_equivocation_is_slashed(Charlie, || {
			let slot = *pallet_babe::CurrentSlot::<Runtime>::get();
			report_babe(node, babe_equivocation(Charlie, slot, [1, 2])).expect("it equivocated")
		});
	});
}

#[test]
fn a_voter_for_two_blocks_in_one_round_loses_its_stake() {
	in_local_chain(3, |node| {
		an_equivocation_is_slashed(Charlie, || {
			report_grandpa(node, sp_keyring::Ed25519Keyring::Charlie, 3).expect("it equivocated")
		});
	});
}

#[test]
fn what_proves_no_equivocation_slashes_nobody() {
	in_local_chain(3, |node| {
		let mut chain = Chain::new();
		pass(&mut chain, 3);
		let slot = *pallet_babe::CurrentSlot::<Runtime>::get();
		let mut honest = babe_equivocation(Bob, slot, [1, 2]);
		honest.second_header = honest.first_header.clone();
		let mut forged = babe_equivocation(Bob, slot, [1, 2]);
		forged.second_header = sealed(&Charlie.pair(), 1, slot, 2);
		let mut moved = babe_equivocation(Bob, slot, [1, 2]);
		moved.second_header = babe_equivocation(Bob, slot + 1, [1, 2]).second_header;
		let mut unsealed = babe_equivocation(Bob, slot, [1, 2]);
		unsealed.first_header.digest = Digest::default();
		for proof in [honest, forged, moved, unsealed] {
			let report = report_babe(node, proof).expect("the key is a validator's");
			let result = include(&mut chain, || report.clone());
			let error = pallet_babe::Error::<Runtime>::InvalidEquivocationProof;
			assert_eq!(result, Err(error.into()));
		}
		// A key that is no validator's; a proof of ownership of another's key; one of another session.
		use sp_consensus_babe::runtime_decl_for_babe_api::BabeApi;
		let mut stranger = babe_equivocation(Bob, slot, [1, 2]);
		stranger.offender = Eve.public().into();
		stranger.first_header = sealed(&Eve.pair(), 1, slot, 1);
		stranger.second_header = sealed(&Eve.pair(), 1, slot, 2);
		let stranger = report_babe(node, stranger).expect("the node does not look");
		assert!(in_pool(TransactionSource::Local, &stranger).is_err());
		let of_alice = Runtime::generate_key_ownership_proof(slot.into(), Alice.public().into());
		let of_bob = babe_equivocation(Bob, slot, [1, 2]);
		let mixed = node.reported(|| {
			Runtime::submit_report_equivocation_unsigned_extrinsic(of_bob.clone(), of_alice?)
		});
		let mixed = mixed.expect("the node does not look");
		assert!(in_pool(TransactionSource::Local, &mixed).is_err());
		let early = report_babe(node, of_bob).expect("it equivocated");
		pass(&mut chain, 2 * SESSION);
		let late = babe_equivocation(Bob, slot + u64::from(2 * SESSION), [1, 2]);
		let of_now = Runtime::generate_key_ownership_proof(slot.into(), Bob.public().into());
		let mut old = late.clone();
		old.slot = slot.into();
		let old =
			node.reported(|| Runtime::submit_report_equivocation_unsigned_extrinsic(old, of_now?));
		let result = include(&mut chain, || old.clone().expect("the node does not look"));
		assert_eq!(
			result,
			Err(pallet_babe::Error::<Runtime>::InvalidEquivocationProof.into())
		);
		for who in [Alice, Bob, Charlie, Dave] {
			assert_eq!(staked(who), 10_000 * UNIT);
		}
		// The true one of an earlier session is still good.
		assert_eq!(include(&mut chain, || early.clone()), Ok(()));
	});
}

#[test]
fn one_balance_backs_a_validator_and_an_operator_each_with_its_own() {
	in_local_chain(3, |_| {
		let mut chain = Chain::new();
		let free = Balances::free_balance(Eve.to_account_id());
		let operator = pallet_worker_staking::Call::<Runtime>::bond {
			amount: 600_000 * UNIT,
		};
		call(&mut chain, Eve, [bond(300_000 * UNIT), operator.into()]);
		assert_eq!(staked(Eve), 300_000 * UNIT);
		let left = Balances::free_balance(Eve.to_account_id());
		assert!(left <= free - 900_000 * UNIT);
		// What one holds, the other cannot have.
		let more = StakingCall::bond_extra {
			max_additional: 600_000 * UNIT,
		};
		call(&mut chain, Eve, [more.into()]);
		assert!(staked(Eve) < 400_000 * UNIT);
	});
}

/// Staking keeps a slash for an era that must not have begun. Reports are good for two eras more.
#[test]
fn an_equivocation_that_is_reported_late_is_slashed_as_long_as_the_report_is_good() {
	// Stake stays bonded for three eras, so a slash is for the second era after the offence's.
	for late in [2, 3, 4] {
		in_local_chain(3, |node| {
			let mut chain = Chain::new();
			pass(&mut chain, 2 * ERA);
			let era = active_era();
			let slot = *pallet_babe::CurrentSlot::<Runtime>::get();
			let report = report_babe(node, babe_equivocation(Charlie, slot, [1, 2]));
			let report = report.expect("it equivocated");
			while active_era() < era + late {
				pass(&mut chain, 1);
			}
			if late > 3 {
				assert!(in_pool(TransactionSource::Local, &report).is_err());
				return;
			}
			assert_eq!(include(&mut chain, || report.clone()), Ok(()));
			assert_eq!(active_era(), era + late);
			assert_eq!(staked(Charlie), 10_000 * UNIT);
			while active_era() == era + late {
				pass(&mut chain, 1);
			}
			// One of four: (3 / 4)^2.
			assert_eq!(staked(Charlie), 10_000 * UNIT * 7 / 16, "{late} eras late");
			assert_eq!(
				pallet_staking::UnappliedSlashes::<Runtime>::iter().count(),
				0
			);
		});
	}
}

/// An election that finds more candidates than it looks at fails, and the next, and so on: nobody is paid, slashed
/// or replaced any more. So the one who is too many is refused.
#[test]
fn whoever_fills_all_places_of_candidates_stops_no_election() {
	use crate::configs::staking::MAX_CANDIDATES;
	let stand = |number: u32| -> DispatchResult {
		let mut bytes = [0x77; 32];
		bytes[..4].copy_from_slice(&number.to_le_bytes());
		let who = AccountId::new(bytes);
		let _ = <Balances as frame_support::traits::Currency<AccountId>>::deposit_creating(
			&who,
			1_001 * UNIT,
		);
		let origin = || RuntimeOrigin::signed(who.clone());
		Staking::bond(origin(), 1_000 * UNIT, RewardDestination::Staked)?;
		Staking::validate(origin(), ValidatorPrefs::default())
	};
	// Of the elections of two eras' blocks: how many there were, and how many failed.
	let elections = |chain: &mut Chain| {
		let (mut held, mut failed) = (0, 0);
		for _ in 0..2 * ERA {
			chain.pass();
			for event in events() {
				match event {
					RuntimeEvent::Staking(StakingEvent::StakersElected) => held += 1,
					RuntimeEvent::Staking(StakingEvent::StakingElectionFailed) => failed += 1,
					_ => {},
				}
			}
		}
		(held, failed)
	};
	in_local_chain(3, |_| {
		let mut chain = Chain::new();
		// Four stand already.
		for number in 4..MAX_CANDIDATES {
			assert_eq!(stand(number), Ok(()), "{number}");
		}
		let refused = pallet_staking::Error::<Runtime>::TooManyValidators;
		assert_eq!(stand(MAX_CANDIDATES), Err(refused.into()));
		let (held, failed) = elections(&mut chain);
		assert!(
			held >= 2 && failed == 0,
			"{held} elections, {failed} failed"
		);
		// What a genesis without `staking.maxValidatorCount` would be: one more, and none succeeds.
		pallet_staking::MaxValidatorsCount::<Runtime>::kill();
		assert_eq!(stand(MAX_CANDIDATES + 1), Ok(()));
		let (held, failed) = elections(&mut chain);
		assert!(
			held == 0 && failed >= 2,
			"{held} elections, {failed} failed"
		);
	});
}
