//! Referenda's scheduler: what finds the agenda of its block full goes to one of the blocks after it.
//!
//! The scheduler refuses what an agenda has no place for, and `pallet-referenda` goes on as if it had not. An alarm
//! that is lost comes back with the next vote; an enactment does not, nor does the alarm that makes a place among
//! those that are decided free again: a track that loses as many of them as it has places decides nothing any more.
//! To fill an agenda takes as many submissions in the block `UndecidingTimeout` before, for a deposit each, and which
//! block it must be is known: that after which one's own referendum ends.

use crate::{BlockNumber, OriginCaller, RuntimeCall, Scheduler, System};
use codec::Encode;
use frame_support::traits::{
	schedule::{
		v3::{Anon, Named, TaskName},
		DispatchTime, Period, Priority,
	},
	Bounded,
};
use sp_runtime::{traits::BlakeTwo256, DispatchError};

/// Places that are tried after the first.
const TRIES: u8 = 4;
/// Blocks after its own within which a task is done then. Who wants to be sure that it finds none has to fill nearly
/// all of them.
pub const SPREAD: BlockNumber = 64;

type Call = Bounded<RuntimeCall, BlakeTwo256>;
type Address = <Scheduler as Anon<BlockNumber, RuntimeCall, OriginCaller>>::Address;

/// The scheduler, with other blocks for what finds no place in its own.
pub struct WithRoom;

/// Places a task when it asks to be, or in one of the [`SPREAD`] blocks after. Which ones are tried follows from the
/// parent block's hash, which nobody knew when these agendas could be filled. The further agendas are in no weight: four reads,
/// and only where somebody filled the first.
fn with_room(
	when: DispatchTime<BlockNumber>,
	call: &Call,
	place: impl Fn(DispatchTime<BlockNumber>) -> Result<Address, DispatchError>,
) -> Result<Address, DispatchError> {
	let mut result = place(when);
	let own = when.evaluate(System::block_number());
	for attempt in 0..TRIES {
		if result != Err(DispatchError::Exhausted) {
			break;
		}
		let seed = (System::parent_hash(), call, attempt).using_encoded(sp_io::hashing::blake2_256);
		let [first, second, third, fourth, ..] = seed;
		let later = u32::from_le_bytes([first, second, third, fourth]) % SPREAD;
		let block = own.saturating_add(1).saturating_add(later);
		result = place(DispatchTime::At(block));
	}
	result
}

impl Anon<BlockNumber, RuntimeCall, OriginCaller> for WithRoom {
	type Address = Address;
	type Hasher = BlakeTwo256;

	fn schedule(
		when: DispatchTime<BlockNumber>,
		maybe_periodic: Option<Period<BlockNumber>>,
		priority: Priority,
		origin: OriginCaller,
		call: Call,
	) -> Result<Address, DispatchError> {
		with_room(when, &call, |when| {
			let (origin, call) = (origin.clone(), call.clone());
			<Scheduler as Anon<_, RuntimeCall, OriginCaller>>::schedule(
				when,
				maybe_periodic,
				priority,
				origin,
				call,
			)
		})
	}

	fn cancel(address: Address) -> Result<(), DispatchError> {
		<Scheduler as Anon<_, RuntimeCall, OriginCaller>>::cancel(address)
	}

	fn reschedule(
		address: Address,
		when: DispatchTime<BlockNumber>,
	) -> Result<Address, DispatchError> {
		<Scheduler as Anon<_, RuntimeCall, OriginCaller>>::reschedule(address, when)
	}

	fn next_dispatch_time(address: Address) -> Result<BlockNumber, DispatchError> {
		<Scheduler as Anon<_, RuntimeCall, OriginCaller>>::next_dispatch_time(address)
	}
}

impl Named<BlockNumber, RuntimeCall, OriginCaller> for WithRoom {
	type Address = Address;
	type Hasher = BlakeTwo256;

	fn schedule_named(
		id: TaskName,
		when: DispatchTime<BlockNumber>,
		maybe_periodic: Option<Period<BlockNumber>>,
		priority: Priority,
		origin: OriginCaller,
		call: Call,
	) -> Result<Address, DispatchError> {
		with_room(when, &call, |when| {
			let (origin, call) = (origin.clone(), call.clone());
			<Scheduler as Named<_, RuntimeCall, OriginCaller>>::schedule_named(
				id,
				when,
				maybe_periodic,
				priority,
				origin,
				call,
			)
		})
	}

	fn cancel_named(id: TaskName) -> Result<(), DispatchError> {
		<Scheduler as Named<_, RuntimeCall, OriginCaller>>::cancel_named(id)
	}

	fn reschedule_named(
		id: TaskName,
		when: DispatchTime<BlockNumber>,
	) -> Result<Address, DispatchError> {
		<Scheduler as Named<_, RuntimeCall, OriginCaller>>::reschedule_named(id, when)
	}

	fn next_dispatch_time(id: TaskName) -> Result<BlockNumber, DispatchError> {
		<Scheduler as Named<_, RuntimeCall, OriginCaller>>::next_dispatch_time(id)
	}
}
