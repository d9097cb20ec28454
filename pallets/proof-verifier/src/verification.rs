//! Verification of proofs, and the pallet as other pallets see it.

use super::*;
use alloc::vec::Vec;
use frame_support::{
	dispatch::{DispatchErrorWithPostInfo, DispatchResultWithPostInfo},
	ensure,
	pallet_prelude::{DispatchResult, Weight},
	traits::Get,
};
use inference_primitives::{
	hashing::tagged_hash,
	traits::{KeyInfo, ProofVerifier},
	Statement, STATEMENT_VERSION,
};
use inference_verifier::{Plan, Scalar, Setup};
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
				T::WeightInfo::verify_proof(&key.sizes),
			),
			None => (
				Err(Error::<T>::UnknownKey),
				T::WeightInfo::verify_unknown_key(),
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
		Self::ensure_in_service(key.system)?;
		let setup = Setups::<T>::get(key.setup)
			.and_then(|approved| Setup::from_bytes(&approved.s_g2).ok())
			.ok_or_else(|| Error::<T>::from(DefensiveError::StoredSetup))?;
		let plan = KeyPlans::<T>::get(vk_hash)
			.and_then(|bytes| Plan::decode_canonical(&bytes).ok())
			.ok_or_else(|| Error::<T>::from(DefensiveError::StoredPlan))?;
		match key.system {
			ProofSystem::Halo2 => inference_verifier::verify(&plan, &setup, public_inputs, proof)?,
		}
		Ok(())
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
		let header = &statement.header;
		ensure!(
			header.version == STATEMENT_VERSION,
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

	fn verify_weight(vk_hash: VkHash) -> Weight {
		match Keys::<T>::get(vk_hash) {
			Some(key) => T::WeightInfo::verify_proof(&key.sizes),
			None => Self::max_verify_weight(),
		}
	}

	fn max_verify_weight() -> Weight {
		T::MaxVerifyWeight::get()
	}

	fn register_weight(key_bytes: u32) -> Weight {
		T::WeightInfo::register_key(key_bytes)
	}
}
