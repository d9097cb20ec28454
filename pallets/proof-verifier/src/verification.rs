//! Verification of proofs, and the pallet as other pallets see it.

use super::*;
use alloc::{collections::BTreeMap, vec::Vec};
use frame_support::{
	dispatch::{DispatchErrorWithPostInfo, DispatchResultWithPostInfo},
	ensure,
	pallet_prelude::{DispatchResult, Weight},
	traits::Get,
};
use inference_primitives::{
	hashing::tagged_hash,
	traits::{KeyInfo, ProofVerifier},
	Statement,
};
use inference_verifier::{BatchItem, Plan, Scalar, Setup};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_verify_proof(
		by: AccountIdOf<T>,
		vk_hash: VkHash,
		public_inputs: &[[u8; 32]],
		proof: &[u8],
	) -> DispatchResultWithPostInfo {
		let (result, weight) = match Keys::<T>::get(vk_hash) {
			Some(key) => (
				Self::verify_under(vk_hash, &key, public_inputs, proof),
				verification_weight::verify_proof(T::DbWeight::get(), &key.sizes),
			),
			None => (
				Err(Error::<T>::UnknownKey),
				verification_weight::verify_unknown_key(T::DbWeight::get()),
			),
		};
		let post_info = Some(weight).into();
		match result {
			Ok(()) => {
				let public_inputs = Self::public_inputs_hash(public_inputs);
				Self::deposit_event(Event::ProofVerified {
					vk_hash,
					public_inputs,
					by,
				});
				Ok(post_info)
			},
			Err(error) => Err(DispatchErrorWithPostInfo {
				post_info,
				error: error.into(),
			}),
		}
	}

	pub(crate) fn do_verify_proofs(
		by: AccountIdOf<T>,
		proofs: &[ProofItem],
	) -> DispatchResultWithPostInfo {
		let (weight, result) = Self::verify_together(proofs);
		let post_info = Some(weight).into();
		match result {
			Ok(()) => {
				for item in proofs {
					Self::deposit_event(Event::ProofVerified {
						vk_hash: item.vk_hash,
						public_inputs: Self::public_inputs_hash(&item.public_inputs),
						by: by.clone(),
					});
				}
				Ok(post_info)
			},
			Err(error) => Err(DispatchErrorWithPostInfo {
				post_info,
				error: error.into(),
			}),
		}
	}

	/// Verifies proofs together; the weight that it took, and the result. Nothing is verified
	/// before the whole batch's weight is known to be granted.
	fn verify_together(proofs: &[ProofItem]) -> (Weight, Result<(), Error<T>>) {
		let mut weight = verification_weight::verify_batch(T::DbWeight::get());
		let mut keys = BTreeMap::new();
		let mut setup = None;
		for item in proofs {
			weight.saturating_accrue(verification_weight::verify_unknown_key(T::DbWeight::get()));
			if keys.contains_key(&item.vk_hash) {
				continue;
			}
			let Some(key) = Keys::<T>::get(item.vk_hash) else {
				return (weight, Err(Error::<T>::UnknownKey));
			};
			if *setup.get_or_insert(key.setup) != key.setup {
				return (weight, Err(Error::<T>::MixedSetups));
			}
			keys.insert(item.vk_hash, key);
		}
		let granted = T::MaxVerifyWeight::get();
		let mut needed = weight;
		for key in keys.values() {
			needed.saturating_accrue(verification_weight::verify_batch_key(
				T::DbWeight::get(),
				&key.sizes,
			));
		}
		for item in proofs {
			if let Some(key) = keys.get(&item.vk_hash) {
				needed.saturating_accrue(verification_weight::verify_batch_item(
					T::DbWeight::get(),
					&key.sizes,
				));
			}
		}
		if needed.any_gt(granted) {
			return (weight, Err(Error::<T>::BatchTooCostly));
		}
		let Some(setup) = setup else {
			return (weight, Ok(()));
		};
		(needed, Self::verify_decoded(setup, &keys, proofs))
	}

	fn verify_decoded(
		setup: SetupId,
		keys: &BTreeMap<VkHash, Key<T::AccountId>>,
		proofs: &[ProofItem],
	) -> Result<(), Error<T>> {
		let setup = Self::stored_setup(setup)?;
		let mut plans = BTreeMap::new();
		for (vk_hash, key) in keys {
			Self::ensure_in_service(*vk_hash, key.system, key.setup)?;
			plans.insert(*vk_hash, Self::stored_plan(*vk_hash)?);
		}
		let mut public_inputs = Vec::with_capacity(proofs.len());
		for item in proofs {
			let key = keys.get(&item.vk_hash).ok_or(Error::<T>::UnknownKey)?;
			Self::ensure_public_inputs(key, item.public_inputs.len())?;
			public_inputs.push(
				scalars::decode_all(&item.public_inputs)
					.ok_or(Error::<T>::NonCanonicalPublicInput)?,
			);
		}
		let mut items = Vec::with_capacity(proofs.len());
		for (item, public_inputs) in proofs.iter().zip(&public_inputs) {
			items.push(BatchItem {
				plan: plans.get(&item.vk_hash).ok_or(Error::<T>::UnknownKey)?,
				public_inputs,
				proof: &item.proof,
			});
		}
		inference_verifier::verify_all(&setup, &items).map_err(|failure| failure.error.into())
	}

	/// Verifies proofs together, for the runtime API.
	pub fn verify_batch_raw(proofs: Vec<(VkHash, Vec<[u8; 32]>, Vec<u8>)>) -> Result<(), Error<T>> {
		ensure!(
			proofs.len() <= MAX_BATCH as usize,
			Error::<T>::BatchTooCostly
		);
		let mut items = Vec::with_capacity(proofs.len());
		for (vk_hash, public_inputs, proof) in proofs {
			items.push(ProofItem {
				vk_hash,
				public_inputs: public_inputs
					.try_into()
					.map_err(|_| Error::<T>::PublicInputsMismatch)?,
				proof: proof
					.try_into()
					.map_err(|_| Error::<T>::ProofTrailingBytes)?,
			});
		}
		let (_, result) = Self::verify_together(&items);
		result
	}

	/// Verifies a proof under a registered key. `public_inputs` are canonical little-endian field
	/// elements.
	pub fn verify_raw(
		vk_hash: VkHash,
		public_inputs: &[[u8; 32]],
		proof: &[u8],
	) -> Result<(), Error<T>> {
		let key = Keys::<T>::get(vk_hash).ok_or(Error::<T>::UnknownKey)?;
		Self::verify_under(vk_hash, &key, public_inputs, proof)
	}

	/// BLAKE2b-256 over a tag and the SCALE encoding of the public inputs: what
	/// [`Event::ProofVerified`] names them by.
	pub fn public_inputs_hash(public_inputs: &[[u8; 32]]) -> Hash {
		tagged_hash(b"inference-network/public-inputs/v1", &public_inputs)
	}

	fn verify_under(
		vk_hash: VkHash,
		key: &Key<T::AccountId>,
		public_inputs: &[[u8; 32]],
		proof: &[u8],
	) -> Result<(), Error<T>> {
		Self::ensure_public_inputs(key, public_inputs.len())?;
		let scalars =
			scalars::decode_all(public_inputs).ok_or(Error::<T>::NonCanonicalPublicInput)?;
		Self::verify_scalars(vk_hash, key, &scalars, proof)
	}

	/// Checks the number of public inputs before anything is decoded.
	fn ensure_public_inputs(key: &Key<T::AccountId>, got: usize) -> Result<(), Error<T>> {
		ensure!(
			got == key.sizes.public_inputs as usize,
			Error::<T>::PublicInputsMismatch
		);
		Ok(())
	}

	fn verify_scalars(
		vk_hash: VkHash,
		key: &Key<T::AccountId>,
		public_inputs: &[Scalar],
		proof: &[u8],
	) -> Result<(), Error<T>> {
		Self::ensure_in_service(vk_hash, key.system, key.setup)?;
		let setup = Self::stored_setup(key.setup)?;
		let plan = Self::stored_plan(vk_hash)?;
		Ok(inference_verifier::verify(
			&plan,
			&setup,
			public_inputs,
			proof,
		)?)
	}

	/// An approved setup, which was checked when it was approved.
	pub(crate) fn stored_setup(setup: SetupId) -> Result<Setup, Error<T>> {
		let stored = Setups::<T>::get(setup).zip(SetupLines::<T>::get(setup));
		stored
			.and_then(|(approved, lines)| Setup::from_trusted_bytes(&approved.s_g2, &lines).ok())
			.ok_or_else(|| DefensiveError::StoredSetup.into())
	}

	/// The plan of a stored key, which was validated when it was stored.
	fn stored_plan(vk_hash: VkHash) -> Result<Plan, Error<T>> {
		KeyPlans::<T>::get(vk_hash)
			.and_then(|bytes| Plan::decode_trusted(&bytes).ok())
			.ok_or_else(|| DefensiveError::StoredPlan.into())
	}

	/// Verifies that a proof proves exactly a statement about these tensors.
	fn verify_statement(
		vk_hash: VkHash,
		statement: &Statement,
		input: &[i64],
		output: &[i64],
		proof: &[u8],
	) -> Result<(), Error<T>> {
		let key = Keys::<T>::get(vk_hash).ok_or(Error::<T>::UnknownKey)?;
		ensure!(
			systems::binds_statements(key.system),
			Error::<T>::SystemBindsNoStatement
		);
		let header = &statement.header;
		ensure!(
			header.supported_version().is_some(),
			Error::<T>::UnsupportedStatement
		);
		Self::ensure_public_inputs(
			&key,
			input.len().saturating_add(output.len()).saturating_add(1),
		)?;
		ensure!(
			header.vk_hash == vk_hash
				&& *statement == Statement::new(header.clone(), input, output),
			Error::<T>::StatementMismatch
		);
		let public_inputs: Vec<Scalar> =
			inference_verifier::public_inputs(statement, input, output);
		Self::verify_scalars(vk_hash, &key, &public_inputs, proof)
	}
}

impl<T: Config> ProofVerifier<AccountIdOf<T>> for Pallet<T> {
	fn register_key(
		depositor: &AccountIdOf<T>,
		system: ProofSystem,
		setup: SetupId,
		key: &[u8],
	) -> Result<KeyInfo, DispatchError> {
		Self::add_reference(depositor, system, setup, key)
	}

	fn release_key(vk_hash: VkHash) -> DispatchResult {
		Self::drop_reference(vk_hash)
	}

	fn verify(
		vk_hash: VkHash,
		statement: &Statement,
		input: &[i64],
		output: &[i64],
		proof: &[u8],
	) -> DispatchResult {
		Self::verify_statement(vk_hash, statement, input, output, proof).map_err(Into::into)
	}

	fn end_of_life(vk_hash: VkHash) -> Option<Tick> {
		Pallet::<T>::end_of_life(vk_hash)
	}

	fn is_disabled(vk_hash: VkHash) -> bool {
		Pallet::<T>::is_disabled(vk_hash)
	}

	fn verify_weight(vk_hash: VkHash) -> Weight {
		match Keys::<T>::get(vk_hash) {
			Some(key) => verification_weight::verify_proof(T::DbWeight::get(), &key.sizes),
			None => Self::max_verify_weight(),
		}
	}

	fn max_verify_weight() -> Weight {
		T::MaxVerifyWeight::get()
	}

	fn register_weight(key_bytes: u32) -> Weight {
		verification_weight::register_key(T::DbWeight::get(), key_bytes)
	}
}
