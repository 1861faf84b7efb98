import AshlarCLI

AshlarCommand.main()
