//! Registration of nodes and what their operators change.

use super::*;
use frame_support::{
	dispatch::DispatchResultWithPostInfo, ensure, pallet_prelude::DispatchResult, traits::Get,
	weights::Weight,
};
use inference_primitives::{
	node::{NodeView, Standing, WorkerConsent},
	traits::NodeLoad,
	GenesisHash, ModelStatus,
};
use sp_runtime::traits::{Verify, Zero};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_register(
		operator: AccountIdOf<T>,
		worker: AccountIdOf<T>,
		capacity: ComputeUnits,
		consent: T::WorkerSignature,
	) -> DispatchResult {
		ensure!(capacity > ComputeUnits::ZERO, Error::<T>::ZeroCapacity);
		Self::ensure_free_and_willing(&operator, &worker, &consent)?;
		let id = NextNodeId::<T>::get();
		let next =
			id.0.checked_add(1)
				.map(NodeId)
				.ok_or(Error::<T>::Overflow)?;
		OperatorNodes::<T>::try_mutate(&operator, |nodes| nodes.try_push(id))
			.map_err(|_| Error::<T>::TooManyNodes)?;
		let node = Node {
			operator: operator.clone(),
			worker: worker.clone(),
			capacity: ComputeUnits::ZERO,
			next_capacity: capacity,
			usable: ComputeUnits::ZERO,
			outstanding: ComputeUnits::ZERO,
			proving: ComputeUnits::ZERO,
			bounds: Default::default(),
			models: Default::default(),
			next_models: Default::default(),
			delivered: 0,
			missed: 0,
			changed_in: Epoch::<T>::get(),
			standing: Standing::Active,
			epoch_misses: Default::default(),
			counted: Default::default(),
			limits: Default::default(),
		};
		let change = (ComputeUnits::ZERO, node.pledge());
		Nodes::<T>::insert(id, node);
		NextNodeId::<T>::put(next);
		WorkerNodes::<T>::insert(&worker, id);
		T::Stakes::change_pledge(&operator, change, &T::Network::parameters())?;
		Self::deposit_event(Event::NodeRegistered {
			node: id,
			operator,
			worker,
			capacity,
		});
		Ok(())
	}

	pub(crate) fn do_set_capacity(
		operator: AccountIdOf<T>,
		id: NodeId,
		capacity: ComputeUnits,
	) -> DispatchResult {
		ensure!(capacity > ComputeUnits::ZERO, Error::<T>::ZeroCapacity);
		let mut node = Self::node_of(&operator, id)?;
		let before = node.pledge();
		node.next_capacity = capacity;
		// What was lowered in this epoch stays so until the next, whatever the node still owes: else
		// its operator could let single draws pass it by.
		node.usable = node.usable.min(capacity);
		if capacity > node.usable {
			node.changed_in = node.changed_in.max(Epoch::<T>::get());
		}
		node.lower();
		let counted = node.counted.units.min(node.usable);
		Self::count(&mut node, counted);
		let change = (before, node.pledge());
		Nodes::<T>::insert(id, node);
		T::Stakes::change_pledge(&operator, change, &T::Network::parameters())?;
		Self::deposit_event(Event::CapacityChanging { node: id, capacity });
		Ok(())
	}

	/// What joining a full pool weighs on top: its nodes are read, no dearer than for a snapshot, and one of
	/// them leaves.
	pub(crate) fn replace_weight() -> Weight {
		T::WeightInfo::snapshot(T::MaxPoolNodes::get()).saturating_add(T::WeightInfo::leave_model())
	}

	/// The node that a newcomer to a full pool replaces, which then has left it, and what its place is worth:
	/// the least pledge; nothing, if the node was in no snapshot although it could have been, for lack of
	/// stake or because it does not serve. Of those that are worth the same, the one that came last.
	fn least_of(members: &[NodeId], model: ModelRef) -> Option<(NodeId, ComputeUnits)> {
		let epoch = Epoch::<T>::get();
		let worth = |id: NodeId| {
			let node = Nodes::<T>::get(id)?;
			// The pool's snapshot may come late in an epoch, so what joined in the one before waits, too.
			let waits = node.changed_in.saturating_add(1) >= epoch;
			let serves = waits || node.models.contains(&model);
			Some(if serves {
				node.pledge()
			} else {
				ComputeUnits::ZERO
			})
		};
		members
			.iter()
			.rev()
			.filter_map(|id| Some((*id, worth(*id)?)))
			.min_by_key(|(_, worth)| *worth)
	}

	/// Makes room in a pool for a node that pledges so much. Returns whether one had to go.
	fn make_room(model: ModelRef, pledge: ComputeUnits) -> Result<bool, Error<T>> {
		let members = Members::<T>::get(model);
		if !members.is_full() {
			return Ok(false);
		}
		let (id, _) = Self::least_of(&members, model)
			.filter(|(_, worth)| *worth < pledge)
			.ok_or(Error::<T>::PoolIsFull)?;
		let mut node = Self::node(id).ok_or(Error::<T>::UnknownNode)?;
		Self::drop_out(id, &mut node, model);
		Nodes::<T>::insert(id, node);
		Ok(true)
	}

	pub(crate) fn do_join(
		operator: AccountIdOf<T>,
		id: NodeId,
		model: ModelRef,
	) -> DispatchResultWithPostInfo {
		let mut node = Self::node_of(&operator, id)?;
		let status = T::Models::model(model)
			.ok_or(Error::<T>::ModelNotServable)?
			.status;
		ensure!(
			matches!(status, ModelStatus::Active | ModelStatus::Deprecated),
			Error::<T>::ModelNotServable
		);
		ensure!(
			!node.next_models.contains(&model),
			Error::<T>::AlreadyJoined
		);
		node.next_models
			.try_push(model)
			.map_err(|_| Error::<T>::TooManyModels)?;
		let replaced = Self::make_room(model, node.pledge())?;
		Members::<T>::try_mutate(model, |members| members.try_push(id))
			.map_err(|_| Error::<T>::PoolIsFull)?;
		// Who declined work of a model in this epoch waits longer.
		node.changed_in = node.changed_in.max(Epoch::<T>::get());
		Nodes::<T>::insert(id, node);
		Self::deposit_event(Event::ModelJoining { node: id, model });
		// Whoever finds a free place does not pay for making room.
		Ok((!replaced).then(T::WeightInfo::join_model).into())
	}

	pub(crate) fn do_leave(
		operator: AccountIdOf<T>,
		id: NodeId,
		model: ModelRef,
	) -> DispatchResult {
		let mut node = Self::node_of(&operator, id)?;
		ensure!(node.next_models.contains(&model), Error::<T>::NotJoined);
		Self::drop_out(id, &mut node, model);
		Nodes::<T>::insert(id, node);
		Ok(())
	}

	/// Takes a node, which the caller stores, out of a model's pool.
	pub(crate) fn drop_out(id: NodeId, node: &mut NodeOf<T>, model: ModelRef) {
		node.next_models.retain(|joined| *joined != model);
		node.models.retain(|served| *served != model);
		if node.limits_for(model).is_some() {
			node.limits.retain(|(of, _)| *of != model);
			Self::deposit_event(Event::LimitsChanging {
				node: id,
				model,
				limits: None,
			});
		}
		if node.models.is_empty() {
			Self::count(node, ComputeUnits::ZERO);
		}
		Members::<T>::mutate_exists(model, |stored| {
			if let Some(members) = stored {
				members.retain(|member| *member != id);
				if members.is_empty() {
					*stored = None;
				}
			}
		});
		if !Members::<T>::contains_key(model) {
			Self::drop_snapshot(model);
		}
		Self::deposit_event(Event::ModelLeaving { node: id, model });
	}

	pub(crate) fn do_set_limits(
		operator: AccountIdOf<T>,
		id: NodeId,
		model: ModelRef,
		limits: Option<Limits>,
	) -> DispatchResult {
		let mut node = Self::node_of(&operator, id)?;
		ensure!(node.next_models.contains(&model), Error::<T>::NotJoined);
		node.limits.retain(|(of, _)| *of != model);
		if let Some(limits) = limits {
			ensure!(
				limits.multiplier.is_in_range(),
				Error::<T>::MultiplierOutOfRange
			);
			node.limits
				.try_push((model, limits))
				.map_err(|_| Error::<T>::TooManyModels)?;
		}
		Nodes::<T>::insert(id, node);
		Self::deposit_event(Event::LimitsChanging {
			node: id,
			model,
			limits,
		});
		Ok(())
	}

	pub(crate) fn do_deregister(operator: AccountIdOf<T>, id: NodeId) -> DispatchResult {
		let mut node = Self::node_of(&operator, id)?;
		ensure!(
			node.models.is_empty()
				&& node.next_models.is_empty()
				&& node.load() == NodeLoad::default()
				// Who declined waits out the epoch, and does not come back as another node before.
				&& node.changed_in <= Epoch::<T>::get(),
			Error::<T>::NodeInUse
		);
		Nodes::<T>::remove(id);
		WorkerNodes::<T>::remove(&node.worker);
		OperatorNodes::<T>::mutate_exists(&operator, |nodes| {
			if let Some(list) = nodes {
				list.retain(|other| *other != id);
				if list.is_empty() {
					*nodes = None;
				}
			}
		});
		Self::forget_miss(id);
		Self::count(&mut node, ComputeUnits::ZERO);
		let change = (node.pledge(), ComputeUnits::ZERO);
		T::Stakes::change_pledge(&operator, change, &T::Network::parameters())?;
		Self::deposit_event(Event::NodeDeregistered { node: id });
		Ok(())
	}

	pub(crate) fn do_set_worker(
		operator: AccountIdOf<T>,
		id: NodeId,
		worker: AccountIdOf<T>,
		consent: T::WorkerSignature,
	) -> DispatchResult {
		let mut node = Self::node_of(&operator, id)?;
		Self::ensure_free_and_willing(&operator, &worker, &consent)?;
		let previous = core::mem::replace(&mut node.worker, worker.clone());
		WorkerNodes::<T>::remove(&previous);
		WorkerNodes::<T>::insert(&worker, id);
		Nodes::<T>::insert(id, node);
		Self::deposit_event(Event::WorkerSet {
			node: id,
			worker,
			previous,
		});
		Ok(())
	}

	/// Checks that no node has this worker key, and that the key agreed to work for the operator. The
	/// consent is used then.
	fn ensure_free_and_willing(
		operator: &AccountIdOf<T>,
		worker: &AccountIdOf<T>,
		consent: &T::WorkerSignature,
	) -> DispatchResult {
		ensure!(
			!WorkerNodes::<T>::contains_key(worker),
			Error::<T>::WorkerInUse
		);
		let genesis = frame_system::Pallet::<T>::block_hash(
			frame_system::pallet_prelude::BlockNumberFor::<T>::zero(),
		);
		let used = UsedConsents::<T>::get(operator);
		let message = WorkerConsent {
			genesis: GenesisHash(genesis.to_fixed_bytes()),
			operator,
			used,
		}
		.message();
		ensure!(consent.verify(&message[..], worker), Error::<T>::BadConsent);
		let used = used.checked_add(1).ok_or(Error::<T>::Overflow)?;
		UsedConsents::<T>::insert(operator, used);
		Ok(())
	}

	pub(crate) fn do_pause(operator: AccountIdOf<T>, id: NodeId) -> DispatchResult {
		let mut node = Self::node_of(&operator, id)?;
		ensure!(
			matches!(node.standing, Standing::Active | Standing::Resuming(_)),
			Error::<T>::AlreadyPaused
		);
		node.standing = Standing::Paused;
		Self::count(&mut node, ComputeUnits::ZERO);
		Nodes::<T>::insert(id, node);
		Self::deposit_event(Event::NodePaused { node: id });
		Ok(())
	}

	pub(crate) fn do_resume(operator: AccountIdOf<T>, id: NodeId) -> DispatchResult {
		let mut node = Self::node_of(&operator, id)?;
		ensure!(
			matches!(node.standing, Standing::Paused | Standing::Suspended),
			Error::<T>::NotPaused
		);
		node.standing = Standing::Resuming(Epoch::<T>::get());
		Nodes::<T>::insert(id, node);
		Self::deposit_event(Event::NodeResuming { node: id });
		Ok(())
	}

	/// A node, with what was announced in earlier epochs in force.
	pub(crate) fn node(id: NodeId) -> Option<NodeOf<T>> {
		let mut node = Nodes::<T>::get(id)?;
		node.take_up(Epoch::<T>::get());
		Some(node)
	}

	fn node_of(operator: &AccountIdOf<T>, id: NodeId) -> Result<NodeOf<T>, Error<T>> {
		let node = Self::node(id).ok_or(Error::<T>::UnknownNode)?;
		ensure!(node.operator == *operator, Error::<T>::NotOperator);
		Ok(node)
	}

	/// A node, for the runtime API.
	pub fn view(id: NodeId) -> Option<NodeView<AccountIdOf<T>>> {
		Self::node(id).map(|node| NodeView {
			limits_in_force: Self::limits_in_force(id, &node),
			id,
			operator: node.operator,
			worker: node.worker,
			capacity: node.capacity,
			next_capacity: node.next_capacity,
			outstanding: node.outstanding,
			proving: node.proving,
			models: node.models.into_inner(),
			joining: node.next_models.into_inner(),
			delivered: node.delivered,
			missed: node.missed,
			standing: node.standing,
			limits: node.limits.into_inner(),
		})
	}

	/// What the snapshots that a node is in hold of its limits.
	fn limits_in_force(id: NodeId, node: &NodeOf<T>) -> alloc::vec::Vec<(ModelRef, Limits)> {
		let of = |model: &ModelRef| {
			let pool = Pools::<T>::get(model);
			let member = pool.iter().find(|member| member.node == id)?;
			Some((*model, member.limits?))
		};
		node.models.iter().filter_map(of).collect()
	}

	/// Nodes that `account` operates or works for, for the runtime API.
	pub fn nodes_of(account: &AccountIdOf<T>) -> alloc::vec::Vec<NodeView<AccountIdOf<T>>> {
		let mut ids = OperatorNodes::<T>::get(account).into_inner();
		ids.extend(WorkerNodes::<T>::get(account).filter(|id| !ids.contains(id)));
		ids.into_iter().filter_map(Self::view).collect()
	}
}
