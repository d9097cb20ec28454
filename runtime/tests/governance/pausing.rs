//! What can be paused, what cannot, and what a pause does to a call.

use super::network::*;
use crate::{
	configs::tx_pause::{is_unpausable, Calls, UNPAUSABLE},
	AccountId, Balances, InferenceMarket, NetworkParameters, Runtime, RuntimeCall, RuntimeEvent,
	RuntimeOrigin, System, TxPause, UtilityCall,
};
use frame_support::traits::{Currency, GetCallMetadata};
use inference_primitives::traits::Network as _;
use sp_keyring::Sr25519Keyring::*;
use sp_runtime::DispatchError;
use std::collections::BTreeSet;

/// The calls of our pallets that can be paused: what begins something. A new call is either here or in
/// `UNPAUSABLE`, by the rule at the head of `configs/tx_pause.rs`.
const PAUSABLE: &[&str] = &[
	"InferenceMarket.submit_workload",
	"ModelRegistry.register_model",
	"ModelRegistry.register_version",
	"ModelRegistry.activate",
	"ModelRegistry.deprecate",
	"NodePool.register_node",
	"NodePool.join_model",
	"NodePool.resume",
	"NodePool.set_limits",
	"ProofVerifier.register_key",
	"ProofVerifier.verify_proof",
	"ProofVerifier.verify_proofs",
	"WorkerStaking.bond",
];
/// Our pallets.
const OURS: [&str; 6] = [
	"NetworkParameters",
	"ProofVerifier",
	"ModelRegistry",
	"WorkerStaking",
	"NodePool",
	"InferenceMarket",
];

type FullName = pallet_tx_pause::RuntimeCallNameOf<Runtime>;

fn full_name(pallet: &str, call: &str) -> FullName {
	let bounded = |name: &str| name.as_bytes().to_vec().try_into().expect("a short name");
	(bounded(pallet), bounded(call))
}

/// Pauses a call.
pub fn pause(pallet: &str, call: &str) -> RuntimeCall {
	let full_name = full_name(pallet, call);
	pallet_tx_pause::Call::<Runtime>::pause { full_name }.into()
}

fn unpause(pallet: &str, call: &str) -> RuntimeCall {
	let ident = full_name(pallet, call);
	pallet_tx_pause::Call::<Runtime>::unpause { ident }.into()
}

/// Pallet and call of a name.
fn split(name: &str) -> (&str, &str) {
	name.split_once('.').expect("pallet and call")
}

#[test]
fn what_cannot_be_paused_exists() {
	let pallets = RuntimeCall::get_module_names();
	for (pallet, calls) in UNPAUSABLE {
		assert!(pallets.contains(pallet), "{pallet}");
		if let Calls::Only(names) = calls {
			let known = RuntimeCall::get_call_names(pallet);
			for name in *names {
				assert!(known.contains(name), "{pallet}.{name}");
			}
		}
	}
}

#[test]
fn of_each_call_of_ours_it_is_decided_whether_it_can_be_paused() {
	let pausable: BTreeSet<_> = PAUSABLE.iter().map(|name| (*name).to_owned()).collect();
	let mut found = BTreeSet::new();
	for pallet in OURS {
		for call in RuntimeCall::get_call_names(pallet) {
			if !is_unpausable(pallet.as_bytes(), call.as_bytes()) {
				found.insert(format!("{pallet}.{call}"));
			}
		}
	}
	assert_eq!(found, pausable);
}

#[test]
fn what_cannot_be_paused_is_not_even_by_root() {
	on_a_network(|_| {
		let unpausable = pallet_tx_pause::Error::<Runtime>::Unpausable.into();
		let mut seen = 0;
		for (name, _) in all_calls() {
			let (pallet, call) = split(&name);
			let expected = if is_unpausable(pallet.as_bytes(), call.as_bytes()) {
				seen += 1;
				Err(unpausable)
			} else {
				Ok(())
			};
			assert_eq!(
				attempt(RuntimeOrigin::root(), pause(pallet, call)),
				expected,
				"{name}"
			);
		}
		assert!(seen > 100, "{seen}");
	});
}

#[test]
fn with_all_paused_that_can_be_people_still_do_what_they_must_and_get_what_is_theirs() {
	on_a_network(|mut network| {
		let bond = pallet_worker_staking::Call::<Runtime>::bond {
			amount: 1_000 * UNIT,
		};
		assert_eq!(network.send(Eve, bond), Ok(()));
		for (name, _) in all_calls() {
			let (pallet, call) = split(&name);
			if !is_unpausable(pallet.as_bytes(), call.as_bytes()) {
				let full_name = full_name(pallet, call);
				TxPause::pause(RuntimeOrigin::root(), full_name).expect("it can be paused");
			}
		}
		// Blocks are made: their inherents pass the filter, and the service clock ticks.
		let before = NetworkParameters::now();
		network.pass(3);
		assert!(NetworkParameters::now() > before);
		// Each call that cannot be paused is dispatched, whatever it then comes to.
		for (name, call) in all_calls() {
			let (pallet, function) = split(&name);
			let paused = !is_unpausable(pallet.as_bytes(), function.as_bytes());
			let result = attempt(RuntimeOrigin::signed(Eve.to_account_id()), call);
			// A way in for what is paused, too, which it does not let through.
			let paused = paused || name == "Utility.as_derivative";
			// Nobody makes these, paused or not.
			let paused = paused || function == "report_equivocation";
			assert_eq!(result == Err(filtered()), paused, "{name}: {result:?}");
		}
		// Money moves where it is owed.
		let unbond = pallet_worker_staking::Call::<Runtime>::unbond {
			amount: 1_000 * UNIT,
		};
		assert_eq!(network.send(Eve, unbond), Ok(()));
		let user = Ferdie.to_account_id();
		credit(&user, 5 * UNIT);
		let free = Balances::free_balance(&user);
		let claim = pallet_inference_market::Call::<Runtime>::claim {
			account: user.clone(),
		};
		assert_eq!(network.send(Dave, claim), Ok(()));
		assert_eq!(Balances::free_balance(&user), free + 5 * UNIT);
		// Those who vote can end it.
		let transfer = unpause("Balances", "transfer_keep_alive");
		assert_eq!(network.decide(root(), transfer), Ok(()));
		let transfer = pallet_balances::Call::<Runtime>::transfer_keep_alive {
			dest: Ferdie.to_account_id().into(),
			value: UNIT,
		};
		assert_eq!(network.send(Dave, transfer), Ok(()));
	});
}

/// Gives an account a credit at the market, with the tokens for it.
fn credit(account: &AccountId, amount: crate::Balance) {
	let _ = Balances::deposit_creating(&InferenceMarket::account_id(), amount);
	pallet_inference_market::Credits::<Runtime>::insert(account, amount);
}

#[test]
fn a_paused_call_is_refused_and_takes_and_loses_no_deposit() {
	on_a_network(|mut network| {
		let eve = Eve.to_account_id();
		let set = || call_named("Identity.set_identity");
		let clear = || call_named("Identity.clear_identity");
		assert_eq!(network.send(Eve, set()), Ok(()));
		let deposit = Balances::reserved_balance(&eve);
		assert!(deposit > 0);
		// The committee, which is one account here, needs no vote for it.
		assert_eq!(
			network.motion(&[Alice], 1, pause("Identity", "set_identity")),
			Some(Ok(()))
		);
		assert!(System::read_events_no_consensus().any(|record| matches!(
			record.event,
			RuntimeEvent::TxPause(pallet_tx_pause::Event::CallPaused { .. })
		)));
		// Refused by itself, in a batch, for a derived account: nothing is held for it.
		let dave = Dave.to_account_id();
		assert_eq!(network.send(Dave, set()), Err(filtered()));
		let batch = UtilityCall::<Runtime>::batch_all { calls: vec![set()] };
		assert_eq!(network.send(Dave, batch), Err(filtered()));
		let derivative = UtilityCall::<Runtime>::as_derivative {
			index: 0,
			call: Box::new(set()),
		};
		assert_eq!(network.send(Dave, derivative), Err(filtered()));
		assert_eq!(Balances::reserved_balance(&dave), 0);
		// What was held before stays, and comes back when it is asked for.
		assert_eq!(network.send(Eve, set()), Err(filtered()));
		assert_eq!(Balances::reserved_balance(&eve), deposit);
		assert_eq!(network.send(Eve, clear()), Ok(()));
		assert_eq!(Balances::reserved_balance(&eve), 0);
		// It is paused once, and not longer than until it is not.
		assert_eq!(
			network.motion(&[Alice], 1, pause("Identity", "set_identity")),
			Some(Err(pallet_tx_pause::Error::<Runtime>::IsPaused.into()))
		);
		assert_eq!(
			network.motion(&[Alice], 1, unpause("Identity", "set_identity")),
			Some(Ok(()))
		);
		assert_eq!(network.send(Eve, set()), Ok(()));
	});
}

#[test]
fn orders_can_be_paused_and_cancelling_them_cannot() {
	on_a_network(|mut network| {
		let order = || call_named("InferenceMarket.submit_workload");
		let eve = || RuntimeOrigin::signed(Eve.to_account_id());
		let before = attempt(eve(), order());
		assert_ne!(before, Err(filtered()));
		assert_eq!(
			network.motion(&[Alice], 1, pause("InferenceMarket", "submit_workload")),
			Some(Ok(()))
		);
		assert_eq!(attempt(eve(), order()), Err(filtered()));
		for name in ["cancel", "deliver", "prove", "claim"] {
			assert_eq!(
				network.motion(&[Alice], 1, pause("InferenceMarket", name)),
				Some(Err(pallet_tx_pause::Error::<Runtime>::Unpausable.into())),
				"{name}"
			);
		}
	});
}

/// Who has another's keys has it slashed: by a pause of new keys it could not do anything but leave.
#[test]
fn a_validator_whose_keys_were_stolen_has_others_whatever_is_paused() {
	on_a_network(|_| {
		let pause = pause("Session", "set_keys");
		let unpausable = pallet_tx_pause::Error::<Runtime>::Unpausable.into();
		assert_eq!(attempt(RuntimeOrigin::root(), pause), Err(unpausable));
	});
}

#[test]
fn nobody_pauses_alone() {
	on_a_network(|mut network| {
		let call = pause("Identity", "set_identity");
		assert_eq!(
			network.send(Eve, call.clone()),
			Err(DispatchError::BadOrigin)
		);
		for (_, origin) in origins() {
			assert_eq!(
				attempt(origin.into(), call.clone()),
				Err(DispatchError::BadOrigin),
				"{origin:?}"
			);
		}
	});
}

#[test]
fn a_signed_report_of_an_equivocation_is_refused_and_one_without_a_signer_is_not() {
	use crate::configs::tx_pause::CallFilter;
	use frame_support::traits::Contains;
	on_a_network(|_| {
		for name in ["Babe.report_equivocation", "Grandpa.report_equivocation"] {
			assert!(!CallFilter::contains(&call_named(name)), "{name}");
			let unsigned = call_named(&format!("{name}_unsigned"));
			assert!(CallFilter::contains(&unsigned), "{name}");
		}
	});
}
