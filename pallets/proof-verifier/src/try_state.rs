//! The pallet's invariants, listed in the crate's documentation.

use super::*;
use alloc::collections::BTreeMap;
use frame_support::{ensure, traits::fungible::InspectHold};
use inference_verifier::{vk_hash, Plan, Setup};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks the invariants listed in the crate's documentation.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut deposits = BTreeMap::<T::AccountId, Balance>::new();
		let mut keys_of = BTreeMap::<SetupId, u32>::new();
		for (hash, key) in Keys::<T>::iter() {
			let plan = KeyPlans::<T>::get(hash).ok_or("a key has no plan")?;
			ensure!(
				vk_hash(key.system, &key.setup, &plan) == hash,
				"a plan has another hash"
			);
			let decoded = Plan::decode_canonical(&plan).map_err(|_| "a plan does not decode")?;
			ensure!(
				key.sizes == KeySizes::of(&decoded, plan.len() as u32),
				"sizes differ"
			);
			ensure!(key.is_held(), "nobody holds a key");
			ensure!(
				key.reference_deposit.is_some() == (key.references > 0),
				"a deposit for references without references, or the reverse"
			);
			ensure!(
				Systems::<T>::contains_key(key.system),
				"a key of an unknown system"
			);
			ensure!(
				Setups::<T>::contains_key(key.setup),
				"a key of a setup not approved"
			);
			let count = keys_of.entry(key.setup).or_default();
			*count = count.checked_add(1).ok_or("too many keys")?;
			for deposit in [key.registration, key.reference_deposit]
				.into_iter()
				.flatten()
			{
				let sum = deposits.entry(deposit.depositor).or_default();
				*sum = sum.checked_add(deposit.amount).ok_or("deposits overflow")?;
			}
		}
		ensure!(
			Keys::<T>::iter_keys().count() == KeyPlans::<T>::iter_keys().count(),
			"stray plan"
		);
		ensure!(
			Setups::<T>::iter_keys().count() == SetupLines::<T>::iter_keys().count(),
			"stray lines"
		);
		for (depositor, sum) in deposits {
			let held = T::Currency::balance_on_hold(&HoldReason::KeyDeposit.into(), &depositor);
			ensure!(held == sum, "a depositor's holds are not its deposits");
		}
		ensure!(
			!EndsOfLife::<T>::iter_keys().any(|subject| matches!(subject, Subject::System(_))),
			"a system's end of life is in the wrong place"
		);
		for (id, approved) in Setups::<T>::iter() {
			let setup = Setup::from_bytes(&approved.s_g2).map_err(|_| "a setup does not decode")?;
			ensure!(setup.id() == id, "a setup under another identifier");
			let lines = SetupLines::<T>::get(id).ok_or("a setup has no lines")?;
			ensure!(lines[..] == setup.lines_bytes(), "a setup has other lines");
			let keys = keys_of.get(&id).copied().unwrap_or_default();
			ensure!(keys == approved.keys, "a setup miscounts its keys");
		}
		Ok(())
	}
}
