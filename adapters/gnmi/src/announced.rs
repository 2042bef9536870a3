//! What a target announces: read beside the workers, and counted while it is looked at.

use std::ops::Deref;

use mercury_adapter::{Budget, NoRoom, Share, off_worker};
use mercury_gnmi_proto::{
    gnmi::{CapabilityResponse, ModelData},
    gnmi_ext::Extension,
};
use prost::Message as _;
use tonic::Status;

use crate::{
    raw::Raw,
    wire::{Field, fields},
};

/// What was announced, and what that takes of the budget.
#[derive(Debug)]
pub(crate) struct Announced {
    response: CapabilityResponse,
    _share: Share,
}

impl Deref for Announced {
    type Target = CapabilityResponse;

    fn deref(&self) -> &CapabilityResponse {
        &self.response
    }
}

impl Announced {
    /// Reads an answer of at most `limit` octets.
    ///
    /// # Errors
    /// It is no `CapabilityResponse`, or there is no room for what it says: an entry of two
    /// octets takes dozens of times as many.
    pub(crate) async fn read(answer: Raw, budget: &Budget, limit: usize) -> Result<Self, Status> {
        let mut share = budget.share(limit);
        let read = off_worker(answer.octets.len(), move || {
            share.grow(weight(&answer.octets)?).map_err(no_room)?;
            let response = CapabilityResponse::decode(answer.octets.clone());
            let response = response.map_err(|error| Status::internal(error.to_string()))?;
            Ok(Self { response, _share: share })
        });
        read.await.map_err(|unfinished| Status::internal(unfinished.to_string()))?
    }
}

fn no_room(error: NoRoom) -> Status {
    Status::from_error(Box::new(error))
}

/// Octets that a message takes when it is read. A vector that grows has the room for twice its
/// entries.
fn weight(message: &[u8]) -> Result<usize, Status> {
    let mut octets = 0_usize;
    for field in fields(message) {
        let field = field.map_err(|garbled| Status::internal(garbled.to_string()))?;
        octets = octets.saturating_add(match field {
            (1, Field::Octets(model)) => 2 * size_of::<ModelData>() + model.len(),
            // In one piece each encoding may be an octet.
            (2, Field::Octets(packed)) => 2 * size_of::<i32>() * packed.len(),
            (2, _) => 2 * size_of::<i32>(),
            (4, Field::Octets(extension)) => 2 * size_of::<Extension>() + extension.len(),
            (_, Field::Octets(other)) => other.len(),
            _ => 0,
        });
    }
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Meter;

    const LIMIT: usize = 1 << 20;

    async fn read(octets: Vec<u8>, budget: &Budget) -> Result<Announced, Status> {
        let answer = Raw { octets: octets.into(), _meter: Meter::new(budget, LIMIT) };
        Announced::read(answer, budget, LIMIT).await
    }

    #[tokio::test]
    async fn what_is_announced_is_counted_while_it_is_kept() {
        let budget = Budget::new(8 << 20);
        let model = ModelData { name: "openconfig-interfaces".to_owned(), ..ModelData::default() };
        let many = CapabilityResponse { supported_models: vec![model; 4000], ..CapabilityResponse::default() };
        let announced = read(many.encode_to_vec(), &budget).await.unwrap();
        assert_eq!(announced.supported_models.len(), 4000);
        assert!(budget.taken() > 4000 * size_of::<ModelData>(), "{}", budget.taken());
        drop(announced);
        assert_eq!(budget.taken(), 0);
    }

    #[tokio::test]
    async fn models_of_nothing_take_no_more_than_an_answer_may() {
        for message in [[0x0a, 0].repeat(LIMIT / 2), [0x22, 0].repeat(LIMIT / 2)] {
            let budget = Budget::new(256 << 20);
            let refused = read(message, &budget).await.unwrap_err();
            assert!(std::error::Error::source(&refused).is_some_and(|error| error.is::<NoRoom>()), "{refused}");
            assert_eq!(budget.taken(), 0);
        }
        let garbled = read(vec![0x0a, 9, 1], &Budget::new(1 << 20)).await.unwrap_err();
        assert!(garbled.message().contains("no protocol buffer"), "{garbled}");
    }
}
