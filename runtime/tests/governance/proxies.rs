//! What proxies may do: each kind its part, and none more than the kinds above it.

use super::network::*;
use crate::{configs::proxy::ProxyType, Balances, Runtime, RuntimeCall};
use frame_support::traits::{fungible::InspectHold, InstanceFilter};
use sp_keyring::Sr25519Keyring::*;

const KINDS: [ProxyType; 5] = [
	ProxyType::Any,
	ProxyType::NonTransfer,
	ProxyType::Governance,
	ProxyType::Staking,
	ProxyType::Operator,
];

#[test]
fn a_kind_of_proxy_that_contains_another_may_all_that_the_other_may() {
	let calls = all_calls();
	let mut pairs = 0;
	for above in KINDS {
		for below in KINDS {
			if !above.is_superset(&below) {
				continue;
			}
			pairs += 1;
			for (name, call) in &calls {
				assert!(
					above.filter(call) || !below.filter(call),
					"{above:?}, {below:?}: {name}"
				);
			}
		}
	}
	// Any above all five, the next above itself and one, and each of the rest above itself.
	assert_eq!(pairs, 5 + 2 + 3);
	assert_eq!(ProxyType::default(), ProxyType::Any);
}

#[test]
fn a_proxy_that_is_not_for_transfers_gives_no_tokens_away() {
	// It may make these calls and no others, also none that come later.
	let expected = [
		"Identity.cancel_request",
		"Identity.clear_identity",
		"Identity.quit_sub",
		"Identity.remove_sub",
		"Identity.rename_sub",
		"Identity.set_identity",
		"InferenceMarket.cancel",
		"InferenceMarket.claim",
		"InferenceMarket.expire",
		"InferenceMarket.prune",
		"ModelRegistry.activate",
		"ModelRegistry.deprecate",
		"ModelRegistry.remove",
		"ModelRegistry.retire",
		"NodePool.deregister_node",
		"NodePool.leave_model",
		"NodePool.pause",
		"ProofVerifier.release_key",
		"Session.purge_keys",
		"Staking.chill",
		"Staking.payout_stakers",
		"Staking.payout_stakers_by_page",
		"Staking.rebond",
		"Staking.unbond",
		"Staking.withdraw_unbonded",
		"Vesting.vest",
		"Vesting.vest_other",
		"WorkerStaking.unbond",
		"WorkerStaking.withdraw",
	];
	// Of these, all: governance's, a part of the accounts' own proxies, and batches, whose calls are filtered one by one.
	let whole = [
		"ConvictionVoting",
		"Preimage",
		"Proxy",
		"Referenda",
		"Treasury",
		"Utility",
		"Whitelist",
	];
	let mut may: Vec<String> = all_calls()
		.into_iter()
		.filter(|(_, call)| ProxyType::NonTransfer.filter(call))
		.map(|(name, _)| name)
		.filter(|name| {
			!whole
				.iter()
				.any(|pallet| name.starts_with(&format!("{pallet}.")))
		})
		.collect();
	may.sort();
	assert_eq!(may, expected);
}

/// What the tokens of an account are worth to whom it trusts with `NonTransfer`, who would have them slashed in its own
/// favour: bond them, give a node a key of its own, deliver a false output to itself, and take the value at risk.
#[test]
fn a_proxy_that_is_not_for_transfers_has_no_stake_slashed() {
	on_a_network(|mut network| {
		let alice = Alice.to_account_id();
		let bonded = || {
			let reason = pallet_worker_staking::HoldReason::Bond;
			Balances::balance_on_hold(&reason.into(), &Alice.to_account_id())
		};
		for (proxy_type, may) in [(ProxyType::NonTransfer, false), (ProxyType::Operator, true)] {
			let add = pallet_proxy::Call::<Runtime>::add_proxy {
				delegate: Eve.to_account_id().into(),
				proxy_type,
				delay: 0,
			};
			assert_eq!(network.send(Alice, add), Ok(()));
			let amount = 2_000 * UNIT;
			let proxied = pallet_proxy::Call::<Runtime>::proxy {
				real: alice.clone().into(),
				force_proxy_type: Some(proxy_type),
				call: Box::new(pallet_worker_staking::Call::<Runtime>::bond { amount }.into()),
			};
			// What the proxy's call came to is an event.
			assert_eq!(network.send(Eve, proxied), Ok(()));
			assert_eq!(bonded() == amount, may, "{proxy_type:?}");
		}
	});
}

#[test]
fn a_proxy_votes_and_does_not_transfer_not_even_in_a_batch() {
	on_a_network(|mut network| {
		let add = pallet_proxy::Call::<Runtime>::add_proxy {
			delegate: Eve.to_account_id().into(),
			proxy_type: ProxyType::Governance,
			delay: 0,
		};
		assert_eq!(network.send(Bob, add), Ok(()));
		let by_proxy = |call: RuntimeCall| pallet_proxy::Call::<Runtime>::proxy {
			real: Bob.to_account_id().into(),
			force_proxy_type: None,
			call: Box::new(call),
		};
		let index = network.propose(root(), mark(b"proxy"));
		let vote = pallet_conviction_voting::AccountVote::Split { aye: VOTE, nay: 0 };
		let poll_index = index;
		let vote = VotingCall::vote { poll_index, vote };
		assert_eq!(network.send(Eve, by_proxy(vote.into())), Ok(()));
		let tally = crate::Referenda::ensure_ongoing(index)
			.expect("it is ongoing")
			.tally;
		assert_eq!(tally.support, VOTE);
		// What the proxy's call came to is an event: the transaction itself is right.
		let pay = || -> RuntimeCall {
			pallet_balances::Call::<Runtime>::transfer_keep_alive {
				dest: Eve.to_account_id().into(),
				value: UNIT,
			}
			.into()
		};
		let batch = crate::UtilityCall::<Runtime>::batch_all { calls: vec![pay()] };
		for call in [pay(), batch.into()] {
			assert_eq!(network.send(Eve, by_proxy(call)), Ok(()));
			let last =
				crate::System::read_events_no_consensus().filter_map(|record| match record.event {
					crate::RuntimeEvent::Proxy(pallet_proxy::Event::ProxyExecuted { result }) => {
						Some(result)
					},
					_ => None,
				});
			assert_eq!(last.last(), Some(Err(filtered())));
		}
	});
}

/// What a proxy dispatches for yet another account has that account's origin, without the first one's limits.
#[test]
fn a_proxy_that_is_not_for_transfers_does_not_act_for_accounts_that_its_own_acts_for() {
	on_a_network(|mut network| {
		type ProxyCall = pallet_proxy::Call<Runtime>;
		let (bob, dave) = (Bob.to_account_id(), Dave.to_account_id());
		let pay = || -> RuntimeCall {
			pallet_balances::Call::<Runtime>::transfer_keep_alive {
				dest: Eve.to_account_id().into(),
				value: 100 * UNIT,
			}
			.into()
		};
		let add = |delegate: crate::AccountId, proxy_type, delay| ProxyCall::add_proxy {
			delegate: delegate.into(),
			proxy_type,
			delay,
		};
		let act = |real: crate::AccountId, call: RuntimeCall| -> RuntimeCall {
			ProxyCall::proxy {
				real: real.into(),
				force_proxy_type: None,
				call: Box::new(call),
			}
			.into()
		};
		// Eve is Bob's proxy, not for transfers. Bob may do all for Dave, some later all for Charlie, and has
		// an account together with Charlie.
		let limited = add(Eve.to_account_id(), ProxyType::NonTransfer, 0);
		assert_eq!(network.send(Bob, limited), Ok(()));
		assert_eq!(
			network.send(Dave, add(bob.clone(), ProxyType::Any, 0)),
			Ok(())
		);
		assert_eq!(
			network.send(Charlie, add(bob.clone(), ProxyType::Any, 1)),
			Ok(())
		);
		let mut both = vec![bob.clone(), Charlie.to_account_id()];
		both.sort();
		let joint = crate::Multisig::multi_account_id(&both, 1);
		let fund = pallet_balances::Call::<Runtime>::transfer_keep_alive {
			dest: joint.clone().into(),
			value: 200 * UNIT,
		};
		assert_eq!(network.send(Charlie, fund), Ok(()));

		let free = |who: &crate::AccountId| crate::Balances::free_balance(who);
		let owners = [dave.clone(), Charlie.to_account_id(), joint];
		let before = owners.each_ref().map(free);
		let announce = ProxyCall::announce {
			real: Charlie.to_account_id().into(),
			call_hash: <sp_runtime::traits::BlakeTwo256 as sp_runtime::traits::Hash>::hash_of(
				&pay(),
			),
		};
		let alone = pallet_multisig::Call::<Runtime>::as_multi_threshold_1 {
			other_signatories: vec![Charlie.to_account_id()],
			call: Box::new(pay()),
		};
		for reach in [act(dave, pay()), announce.into(), alone.into()] {
			assert_eq!(network.send(Eve, act(bob.clone(), reach.clone())), Ok(()));
			let batch = crate::UtilityCall::<Runtime>::batch_all { calls: vec![reach] };
			assert_eq!(network.send(Eve, act(bob.clone(), batch.into())), Ok(()));
		}
		network.pass(2);
		let announced = ProxyCall::proxy_announced {
			delegate: bob.clone().into(),
			real: Charlie.to_account_id().into(),
			force_proxy_type: None,
			call: Box::new(pay()),
		};
		assert!(network.send(Eve, announced).is_err());
		assert_eq!(owners.each_ref().map(free), before);
		// It gives and takes what it has itself.
		let pass_on = add(Ferdie.to_account_id(), ProxyType::Governance, 0);
		assert_eq!(network.send(Eve, act(bob.clone(), pass_on.into())), Ok(()));
		let (proxies, _) = pallet_proxy::Proxies::<Runtime>::get(bob);
		assert_eq!(proxies.len(), 2);
	});
}
