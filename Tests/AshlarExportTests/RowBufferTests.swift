import AshlarExport
import Testing

@Suite struct RowBufferTests {
    @Test func valuesComeBackAsTheyWentIn() {
        let values: [SQLValue] = [.null, .integer(.min), .text("häuser"), .bytes([0, 255])]
        var rows = RowBuffer(columnCount: values.count)
        for value in values { rows.append(value) }
        for value in values.reversed() { rows.append(value) }
        #expect(rows.rowCount == 2)
        #expect((0..<4).map { rows.value(row: 0, column: $0) } == values)
        #expect((0..<4).map { rows.value(row: 1, column: $0) } == values.reversed())
        rows.set(row: 1, column: 3, to: 7)
        #expect(rows.value(row: 1, column: 3) == .integer(7))
    }

    @Test func aPartialRowLeavesNothing() {
        var rows = RowBuffer(columnCount: 3)
        for value in [.integer(1), .text("a"), .null] as [SQLValue] { rows.append(value) }
        rows.removePartialRow()
        #expect(rows.rowCount == 1 && rows.bytes == [0x61])
        rows.append(.integer(2))
        rows.append(.bytes([1, 2]))
        rows.removePartialRow()
        #expect(rows.cells.count == 3 && rows.bytes == [0x61])
        rows.appendNull()
        rows.removePartialRow()
        #expect(rows.cells.count == 3 && rows.bytes == [0x61])
    }

    @Test func quotationMarksInNamesAreDoubled() {
        #expect(quoted("a\"; DROP TABLE b; --") == "\"a\"\"; DROP TABLE b; --\"")
    }
}
