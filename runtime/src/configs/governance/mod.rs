//! What the pallets of governance share: the origins that a referendum can act with ([`origins`]), the
//! tracks by which it gets them ([`tracks`]), what votes lock ([`held_locks`]), what is staked and votes
//! ([`voting_stake`]), how long all of it lasts ([`periods`]), and where what is due finds a place ([`agenda`]).
//!
//! docs/GOVERNANCE.md is for those who vote; docs/decisions/0019-governance.md has the reasons.

pub mod agenda;
pub mod held_locks;
pub mod origins;
pub mod periods;
pub mod tracks;
pub mod voting_stake;

use crate::Balance;
use inference_primitives::parameters::UNIT;

/// Price of a byte that stays in the state, planck: that of `ProtocolParameters::production`. A constant, for
/// what these pallets hold is compared with what they held when they give it back.
pub const DEPOSIT_PER_BYTE: Balance = UNIT / 10_000;
/// Bytes of an entry besides its value: 32 of the pallet's and the item's prefix, 48 of an account with its hash.
const ENTRY_BYTES: Balance = 80;

/// What is held for so many entries of the state with so many bytes in all, planck.
pub const fn deposit(entries: Balance, bytes: Balance) -> Balance {
	(entries * ENTRY_BYTES + bytes) * DEPOSIT_PER_BYTE
}
