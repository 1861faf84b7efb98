import AshlarBitcoin

BitcoinCommand.main()
