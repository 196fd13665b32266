//! What was looked up in the inventory for two times at once. Records come about in the order of time, but not quite: around a snapshot
//! those of before and after it alternate, and each must not make the other be looked up again.

/// Something for each of two epochs, as [`inventory::Inventory::epoch_of`] has them.
pub(crate) struct TwoTimes<T> {
    slots: [Option<(u64, T)>; 2],
    /// The one that was asked for last; the other makes room.
    last: usize,
}

impl<T> Default for TwoTimes<T> {
    fn default() -> TwoTimes<T> {
        TwoTimes { slots: [None, None], last: 0 }
    }
}

impl<T> TwoTimes<T> {
    /// What there is for the epoch; it is looked up if neither of the last two epochs was this one.
    pub fn at(&mut self, epoch: u64, look_up: impl FnOnce() -> T) -> &T {
        let [first, second] = &mut self.slots;
        let is_of_epoch = |slot: &Option<(u64, T)>| slot.as_ref().is_some_and(|(known, _)| *known == epoch);
        let takes_first = match (is_of_epoch(first), is_of_epoch(second)) {
            (true, _) => true,
            (_, true) => false,
            _ => self.last != 0,
        };
        let slot = if takes_first { first } else { second };
        self.last = usize::from(!takes_first);
        if !is_of_epoch(slot) {
            *slot = None;
        }
        &slot.get_or_insert_with(|| (epoch, look_up())).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_two_are_remembered() {
        let mut two = TwoTimes::default();
        let mut looked_up = Vec::new();
        for epoch in [7, 8, 7, 8, 8, 7, 9, 7, 9, 8, 9, 7] {
            let value = *two.at(epoch, || {
                looked_up.push(epoch);
                epoch * 10
            });
            assert_eq!(value, epoch * 10);
        }
        // 9 takes the place of 8, which was asked for before 7; then 8 that of 7, and 7 that of 8.
        assert_eq!(looked_up, [7, 8, 9, 8, 7]);
    }
}
