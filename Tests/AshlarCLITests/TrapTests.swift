import Testing

/// What ends a process, tried in one of its own.
///
/// Not with the exit tests of Swift Testing: their waiting can be held up for good by any other child that has ended and was not waited for.
@Suite("What ends a process")
struct TrapTests {
    @Test("a model that puts another map in a map's place traps")
    func replacedMap() throws {
        let driver = Tool.built("trap-driver")
        #expect(try Tool.run(["not"], program: driver).status == 0)
        let run = try Tool.run([], program: driver)
        #expect(run.status > 128, "\(run.status)")
        #expect(run.error.contains("StateMap"), "\(run.error)")
    }
}
