//! The private values of a witness, one by one.

use ark_bn254::Fr;
use wufu_circuits::{
    DonationInstance, DonationWitness, FiveFuInstance, FiveFuWitness, GiftInstance, GiftWitness,
    Path,
};

/// A statement whose private values can be reached one by one, in the order in which the circuit
/// declares them.
pub trait Fields {
    fn fields(&mut self) -> Vec<&mut Fr>;
}

fn children<const DEPTH: usize>(path: &mut Path<DEPTH>) -> impl Iterator<Item = &mut Fr> {
    path.levels_mut().iter_mut().flatten()
}

impl Fields for FiveFuInstance {
    fn fields(&mut self) -> Vec<&mut Fr> {
        let w: &mut FiveFuWitness = &mut self.private;
        let mut fields = vec![&mut w.sk, &mut w.pk];
        for card in &mut w.cards {
            fields.extend([&mut card.rho, &mut card.rcm, &mut card.cm]);
            fields.extend(children(&mut card.path));
        }
        fields.extend([&mut w.cards_root, &mut w.salt]);
        fields.extend(children(&mut w.person));
        fields.extend([&mut w.persons_root, &mut w.scope, &mut w.ext]);
        fields
    }
}

impl Fields for DonationInstance {
    fn fields(&mut self) -> Vec<&mut Fr> {
        let w: &mut DonationWitness = &mut self.private;
        let mut fields = vec![&mut w.sk, &mut w.pk, &mut w.project_key, &mut w.amount, &mut w.time];
        fields.extend([&mut w.receipt, &mut w.rcm, &mut w.don]);
        fields.extend(children(&mut w.path));
        fields.push(&mut w.set_root);
        fields.extend(children(&mut w.set_path));
        fields.extend([&mut w.bounds.amount_min, &mut w.bounds.amount_max]);
        fields.extend([&mut w.bounds.time_min, &mut w.bounds.time_max, &mut w.ext]);
        fields
    }
}

impl Fields for GiftInstance {
    fn fields(&mut self) -> Vec<&mut Fr> {
        let w: &mut GiftWitness = &mut self.private;
        let mut fields = vec![&mut w.sk, &mut w.pk, &mut w.kind, &mut w.rho, &mut w.rcm, &mut w.cm];
        fields.extend(children(&mut w.path));
        fields.extend([&mut w.pk_friend, &mut w.rcm_out, &mut w.ext]);
        fields
    }
}
