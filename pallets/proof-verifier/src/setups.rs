//! Setups and proof systems: governance's part.

use super::*;
use alloc::vec::Vec;
use frame_support::{ensure, pallet_prelude::DispatchResult};
use inference_verifier::Setup;

impl<T: Config> Pallet<T> {
	/// Starts the chain with all proof systems and the given setups.
	pub(crate) fn build_genesis(setups: &[Vec<u8>]) {
		for (system, version) in systems::GENESIS_SYSTEMS {
			let record = SystemRecord {
				version,
				end_of_life: None,
			};
			Systems::<T>::insert(system, record);
		}
		for (index, bytes) in setups.iter().enumerate() {
			match Setup::from_bytes(bytes) {
				Ok(setup) => Self::store_setup(&setup),
				// A chain that starts without its setup would be useless, and nobody would know.
				Err(error) => panic!("genesis setup {index}: {error}"),
			}
		}
	}

	pub(crate) fn store_setup(setup: &Setup) {
		// As long as the bound by construction.
		let lines = LinesBytes::truncate_from(setup.lines_bytes());
		SetupLines::<T>::insert(setup.id(), lines);
		Setups::<T>::insert(
			setup.id(),
			ApprovedSetup {
				s_g2: setup.to_bytes(),
				keys: 0,
			},
		);
	}

	pub(crate) fn do_approve_setup(bytes: &[u8]) -> DispatchResult {
		let setup = Setup::from_bytes(bytes).map_err(Error::<T>::from)?;
		let id = setup.id();
		ensure!(
			!Setups::<T>::contains_key(id),
			Error::<T>::SetupAlreadyApproved
		);
		Self::store_setup(&setup);
		Self::deposit_event(Event::SetupApproved { setup: id });
		Ok(())
	}

	pub(crate) fn do_revoke_setup(setup: SetupId) -> DispatchResult {
		let approved = Setups::<T>::get(setup).ok_or(Error::<T>::SetupNotApproved)?;
		ensure!(approved.keys == 0, Error::<T>::SetupInUse);
		Setups::<T>::remove(setup);
		SetupLines::<T>::remove(setup);
		Self::deposit_event(Event::SetupRevoked { setup });
		Ok(())
	}

	pub(crate) fn do_set_end_of_life(
		system: ProofSystem,
		end_of_life: Option<Tick>,
	) -> DispatchResult {
		let record = Systems::<T>::get(system).ok_or(Error::<T>::UnknownSystem)?;
		if let Some(end) = end_of_life {
			let notice = T::Network::parameters().unbonding;
			ensure!(
				end >= T::Network::now().after(notice),
				Error::<T>::NoticeTooShort
			);
		}
		Systems::<T>::insert(
			system,
			SystemRecord {
				end_of_life,
				..record
			},
		);
		Self::deposit_event(Event::EndOfLifeSet {
			system,
			end_of_life,
		});
		Ok(())
	}

	/// Refuses a proof system that is unknown or has ended.
	pub(crate) fn ensure_in_service(system: ProofSystem) -> Result<(), Error<T>> {
		let record = Systems::<T>::get(system).ok_or(Error::<T>::UnknownSystem)?;
		let ended = record
			.end_of_life
			.is_some_and(|end| T::Network::now() >= end);
		ensure!(!ended, Error::<T>::SystemEnded);
		Ok(())
	}

	/// When proofs under a key stop being accepted: its proof system's end of life. `None` while
	/// there is none, or if the key is unknown.
	pub fn end_of_life(vk_hash: VkHash) -> Option<Tick> {
		Systems::<T>::get(Keys::<T>::get(vk_hash)?.system)?.end_of_life
	}
}
