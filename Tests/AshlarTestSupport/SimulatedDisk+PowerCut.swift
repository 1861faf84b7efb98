extension SimulatedDisk {
    /// Turns the power off, for good for all who use this disk, and gives the disk as the next process finds it.
    ///
    /// What was synced is there ([MED-1]); of everything else any part, in any order ([MED-2]).
    package func powerCut(seed: UInt64) -> SimulatedDisk {
        let next = state.withLock { old -> State in
            old.faults.isDead = true
            old.record.cuts += 1
            var random = SplitMix64(seed: seed)
            var new = State(random: SplitMix64(seed: random.next()))
            // In a fixed order, so that the same seed gives the same disk.
            let entries = old.directory.afterPowerCut(&random).sorted { $0.key < $1.key }
            for (_, id) in entries where new.files[id] == nil {
                new.files[id] = old.files[id]?.afterPowerCut(&random) ?? SimulatedFile()
            }
            new.directory = SimulatedDirectory(durable: Dictionary(uniqueKeysWithValues: entries))
            new.nextFile = old.nextFile
            new.record = old.record
            return new
        }
        return SimulatedDisk(next, after: self)
    }

    /// The disk as it would be after nothing but a power cut that loses everything unsynced.
    package func onlyDurable() -> SimulatedDisk {
        let next = state.withLock { old -> State in
            var new = State(random: old.random)
            for (_, id) in old.directory.durable {
                new.files[id] = SimulatedFile(durable: old.files[id]?.durable ?? [])
            }
            new.directory = SimulatedDirectory(durable: old.directory.durable)
            new.nextFile = old.nextFile
            return new
        }
        return SimulatedDisk(next, after: self)
    }

    /// A copy of what can be read now, all of it durable, without faults and locks.
    package func copy() -> SimulatedDisk {
        let next = state.withLock { old -> State in
            var new = State(random: old.random)
            for (_, id) in old.directory.visible {
                new.files[id] = SimulatedFile(durable: old.files[id]?.visible ?? [])
            }
            new.directory = SimulatedDirectory(durable: old.directory.visible)
            new.nextFile = old.nextFile
            return new
        }
        return SimulatedDisk(next, after: self)
    }

    /// The names of all files, sorted.
    package var fileNames: [String] { state.withLock { $0.directory.visible.keys.sorted() } }

    /// The content of a file, or nil if it is not there.
    package subscript(name: String) -> [UInt8]? {
        get { state.withLock { state in state.directory.visible[name].flatMap { state.files[$0]?.visible } } }
        set {
            state.withLock { state in
                guard let newValue else {
                    state.directory.unlink(name)
                    state.directory.sync()
                    return
                }
                let id = state.directory.visible[name] ?? state.nextFile
                state.nextFile = max(state.nextFile, id + 1)
                state.files[id] = SimulatedFile(durable: newValue)
                state.directory.link(name, id)
                state.directory.sync()
            }
        }
    }
}
