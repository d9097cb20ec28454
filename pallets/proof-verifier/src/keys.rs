//! Keys: who holds them, and what is held for them.

use super::*;
use alloc::vec::Vec;
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{fungible::hold::Mutate, tokens::Precision, Get},
};
use inference_primitives::{runtime_api::KeyView, traits::KeyInfo};
use inference_verifier::vk_hash;
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_register_key(
		by: AccountIdOf<T>,
		system: ProofSystem,
		setup: SetupId,
		key: &[u8],
	) -> DispatchResult {
		let (vk_hash, mut key, _) = Self::find_or_store(system, setup, key)?;
		ensure!(key.registration.is_none(), Error::<T>::KeyAlreadyRegistered);
		let deposit = Self::hold_deposit(&by, &key.sizes)?;
		let amount = deposit.amount;
		key.registration = Some(deposit);
		Keys::<T>::insert(vk_hash, key);
		Self::deposit_event(Event::KeyRegistered {
			vk_hash,
			by,
			deposit: amount,
		});
		Ok(())
	}

	pub(crate) fn do_release_key(by: AccountIdOf<T>, vk_hash: VkHash) -> DispatchResult {
		let mut key = Keys::<T>::get(vk_hash).ok_or(Error::<T>::UnknownKey)?;
		let deposit = match key.registration.take() {
			Some(deposit) if deposit.depositor == by => deposit,
			_ => return Err(Error::<T>::NotRegistrant.into()),
		};
		Self::return_deposit(&deposit)?;
		Self::keep_while_held(vk_hash, key)?;
		Self::deposit_event(Event::KeyReleased {
			vk_hash,
			by,
			deposit: deposit.amount,
		});
		Ok(())
	}

	/// Takes a reference for another pallet, whose proofs must be bound to its statements. The
	/// first one's deposit comes from `depositor`.
	pub(crate) fn add_reference(
		depositor: &AccountIdOf<T>,
		system: ProofSystem,
		setup: SetupId,
		key: &[u8],
	) -> Result<KeyInfo, DispatchError> {
		ensure!(
			systems::binds_statements(system),
			Error::<T>::SystemBindsNoStatement
		);
		let (vk_hash, mut key, binding) = Self::find_or_store(system, setup, key)?;
		if key.references == 0 {
			key.reference_deposit = Some(Self::hold_deposit(depositor, &key.sizes)?);
		}
		key.references = key
			.references
			.checked_add(1)
			.ok_or(Error::<T>::TooManyReferences)?;
		let info = KeyInfo {
			vk_hash,
			compute_units: key.sizes.compute_units,
			public_inputs: key.sizes.public_inputs,
			binding,
		};
		Keys::<T>::insert(vk_hash, key);
		Ok(info)
	}

	/// Drops a reference of another pallet; the last one returns the deposit.
	pub(crate) fn drop_reference(vk_hash: VkHash) -> DispatchResult {
		let mut key = Keys::<T>::get(vk_hash).ok_or(Error::<T>::UnknownKey)?;
		key.references = key
			.references
			.checked_sub(1)
			.ok_or_else(|| Error::<T>::from(DefensiveError::NoReference))?;
		if key.references == 0 {
			let deposit = key
				.reference_deposit
				.take()
				.ok_or_else(|| Error::<T>::from(DefensiveError::NoReferenceDeposit))?;
			Self::return_deposit(&deposit)?;
		}
		Self::keep_while_held(vk_hash, key)
	}

	/// The key that submitted bytes stand for, which is validated, and stored if it is new, and what it holds
	/// of its tensors. The caller adds a hold and stores the key.
	fn find_or_store(
		system: ProofSystem,
		setup: SetupId,
		key: &[u8],
	) -> Result<(VkHash, Key<T::AccountId>, [u8; 32]), Error<T>> {
		Self::ensure_registrable(system, setup)?;
		let mut approved = Setups::<T>::get(setup).ok_or(Error::<T>::SetupNotApproved)?;
		let decoded = systems::plan::<T>(system, key, &Self::stored_setup(setup)?)?;
		let plan = PlanBytes::try_from(decoded.to_bytes())
			.map_err(|_| Error::<T>::InvalidPlan(PlanFault::TooLong))?;
		let vk_hash = vk_hash(system, &setup, &plan);
		Self::ensure_in_service(vk_hash, system, setup)?;
		if let Some(key) = Keys::<T>::get(vk_hash) {
			return Ok((vk_hash, key, decoded.binding()));
		}
		let bytes = plan.len() as u32; // at most MAX_VK_BYTES
		let sizes = KeySizes::of(&decoded, bytes);
		let weight = verification_weight::verify_proof(T::DbWeight::get(), &sizes);
		ensure!(
			weight.all_lte(T::MaxVerifyWeight::get()),
			Error::<T>::KeyTooCostly
		);
		approved.keys = approved.keys.checked_add(1).ok_or(Error::<T>::Overflow)?;
		Setups::<T>::insert(setup, approved);
		KeyPlans::<T>::insert(vk_hash, plan);
		Self::deposit_event(Event::KeyStored {
			vk_hash,
			system,
			setup,
			bytes,
		});
		Ok((vk_hash, Key::new(system, setup, sizes), decoded.binding()))
	}

	/// Stores a key, or removes it if nobody holds it any more.
	fn keep_while_held(vk_hash: VkHash, key: Key<T::AccountId>) -> DispatchResult {
		if key.is_held() {
			Keys::<T>::insert(vk_hash, key);
			return Ok(());
		}
		let mut approved = Setups::<T>::get(key.setup)
			.ok_or_else(|| Error::<T>::from(DefensiveError::StoredSetup))?;
		approved.keys = approved.keys.checked_sub(1).ok_or(Error::<T>::Overflow)?;
		Setups::<T>::insert(key.setup, approved);
		KeyPlans::<T>::remove(vk_hash);
		Keys::<T>::remove(vk_hash);
		Self::deposit_event(Event::KeyRemoved { vk_hash });
		Ok(())
	}

	pub(crate) fn hold_deposit(
		depositor: &AccountIdOf<T>,
		sizes: &KeySizes,
	) -> Result<Deposit<T::AccountId>, DispatchError> {
		let amount = Balance::from(sizes.bytes)
			.checked_mul(T::Network::parameters().deposit_per_byte)
			.ok_or(Error::<T>::Overflow)?;
		T::Currency::hold(&HoldReason::KeyDeposit.into(), depositor, amount)?;
		Ok(Deposit {
			depositor: depositor.clone(),
			amount,
		})
	}

	fn return_deposit(deposit: &Deposit<T::AccountId>) -> DispatchResult {
		let Deposit { depositor, amount } = deposit;
		T::Currency::release(
			&HoldReason::KeyDeposit.into(),
			depositor,
			*amount,
			Precision::Exact,
		)
		.map(|_| ())
	}

	/// A key with its setup, for the runtime API.
	pub fn key_view(vk_hash: VkHash) -> Option<KeyView> {
		let key = Keys::<T>::get(vk_hash)?;
		let setup_bytes = Vec::from(Setups::<T>::get(key.setup)?.s_g2);
		let plan = KeyPlans::<T>::get(vk_hash)?.into_inner();
		Some(KeyView {
			setup: key.setup,
			setup_bytes,
			plan,
		})
	}
}
