extension Double {
    /// With that many digits behind the point, without Foundation; zeros at the end stay.
    func text(_ digits: Int) -> String {
        guard isFinite else { return "0" }
        let factor = (0..<digits).reduce(1.0) { result, _ in result * 10 }
        let scaled = Int64((Swift.min(Swift.max(self, -9e12), 9e12) * factor).rounded())
        let (whole, part) = (scaled.magnitude / UInt64(factor), scaled.magnitude % UInt64(factor))
        let sign = scaled < 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(whole)" }
        let fraction = String(part)
        return "\(sign)\(whole)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }

    /// The same without zeros at the end: how a fact is shown that may be a count.
    func shortText(_ digits: Int = 2) -> String {
        var text = text(digits)
        guard text.contains(".") else { return text }
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return text
    }
}
